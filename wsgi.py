"""Makes the app for a WSGI server and for `flask --app wsgi`."""

import gc

# Nearly all that is made while a process starts is kept: searching it for garbage takes two fifths of the start.
gc.disable()

import sys  # noqa: E402

from app import counters, create_app  # noqa: E402
from app.data_keys.check import check_keys  # noqa: E402
from app.web.page_cache import PageCache  # noqa: E402
from config import ConfigError  # noqa: E402

try:
    app = create_app()
    with app.app_context():
        check_keys()
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    counters.write_from_first_request(app)
except ConfigError as error:
    sys.exit(f"Countersign does not start: {error}")

gc.freeze()
gc.enable()
