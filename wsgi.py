"""Makes the app for a WSGI server and for `flask --app wsgi`."""

import sys

from app import create_app
from app.data_keys.check import check_keys
from app.web.page_cache import PageCache
from config import ConfigError

try:
    app = create_app()
    with app.app_context():
        check_keys()
    app.wsgi_app = PageCache(app.wsgi_app)  # type: ignore[method-assign]
except ConfigError as error:
    sys.exit(f"Countersign does not start: {error}")
