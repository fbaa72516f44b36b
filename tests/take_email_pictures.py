"""Take pictures of every e-mail as a phone and a screen show it, by day and by night, to look at: they are not kept.

`python -m tests.take_email_pictures FOLDER`
"""

import sys
import tempfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import product
from pathlib import Path

from flask_migrate import upgrade
from playwright.sync_api import Browser, sync_playwright

from app.email.letter import make_ready
from tests.apps import make_app
from tests.email.every_email import every_email
from tests.flows.conftest import QUIET, machines_browser
from tests.mail_server import text_of

LANGUAGES = ("en", "de", "ar")
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 800, "height": 600}}


def main(folder: Path) -> None:
    """Take the pictures into `folder`."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        app = make_app(Path(name), f"sqlite:///{name}/site.db")
        with app.app_context():
            upgrade()
        browser = playwright.chromium.launch(executable_path=machines_browser(), args=QUIET)
        for language in LANGUAGES:
            for kind, letter in every_email(app, language):
                with app.app_context():
                    raw = make_ready(letter).content
                take(browser, raw, folder / kind.replace(" ", "-"))
        browser.close()


def take(browser: Browser, raw: bytes, path: Path) -> None:
    """Take an e-mail's four pictures, whose names begin with `path`."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    for (size, pixels), scheme in product(SIZES.items(), ("light", "dark")):
        context = browser.new_context(viewport=pixels, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_content(text_of(message, "html"))
        page.screenshot(path=f"{path}-{size}-{scheme}.png", full_page=True)
        context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
