"""Take the pictures in docs/screenshots/ anew: `make screenshots`. The example petition, with made-up signers."""

import io
import tempfile
from pathlib import Path

from flask_migrate import upgrade
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import config
from app.db import db
from app.models import Visibility
from app.petition_files.importing import import_file
from tests.conftest import SECRETS, make_app
from tests.factories import make_signature
from tests.flows.conftest import EXAMPLE, QUIET, machines_browser
from tests.flows.visitor import fill, letter_to
from tests.site import Site

FOLDER = config.ROOT / "docs" / "screenshots"
PUBLIC = ("Ann Example", "Боб Пример", "Chloé Exemple", "علي مثال", "Dana Příklad", "Eino Esimerkki")
SIGNED = 1365
SIGNER = "ann@example.org"
PHONE, SCREEN = {"width": 390, "height": 844}, {"width": 1280, "height": 860}


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        site = site_with_signers(Path(name))
        browser = playwright.chromium.launch(executable_path=machines_browser(), args=QUIET)
        try:
            take_all(browser, site)
        finally:
            browser.close()
            site.interrupt()


def site_with_signers(folder: Path) -> Site:
    """Start the site with the example petition and its signers."""
    database = f"sqlite:///{folder}/site.db"
    app = make_app(folder, database)
    with app.app_context():
        upgrade()
        import_file(config.ROOT / "examples" / f"{EXAMPLE}.md")
    for at in range(SIGNED):
        shown = at >= SIGNED - len(PUBLIC)
        seen = Visibility.PUBLIC if shown else Visibility.DELIVERY
        name = PUBLIC[at - SIGNED] if shown else "Made Up"
        make_signature(app, EXAMPLE, name=name, email=f"signer{at}@example.org", visibility=seen)
    with app.app_context():
        db.engine.dispose()
    return Site(folder, {**SECRETS, "DATABASE_URL": database}).start()


def take_all(browser: Browser, site: Site) -> None:
    petition = f"/petitions/{EXAMPLE}"
    screen = opened(browser, site, SCREEN)
    take(screen, petition, "petition")
    take(screen, "/", "start")
    take(opened(browser, site, PHONE), petition, "petition-phone")
    take(opened(browser, site, PHONE, "dark"), f"{petition}/ar", "petition-arabic-dark")
    phone = opened(browser, site, PHONE)
    phone.goto("/dev/mailbox")
    before = phone.locator("article.letter", has_text=SIGNER).count()  # the checkout keeps letters from earlier runs
    phone.goto(petition)
    fill(phone, SIGNER)
    phone.get_by_role("button", name="Sign").click()
    phone.wait_for_url("**/check-your-email/**")
    save(phone, "check-your-email-phone")
    take(phone, letter_to(phone, SIGNER, which=before + 1), "confirm-phone")
    phone.get_by_role("button", name="I agree, count my signature").click()
    phone.wait_for_url("**/signed*")
    save(phone, "thanks-phone")


def opened(browser: Browser, site: Site, size: dict[str, int], scheme: str = "light") -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        base_url=f"http://localhost:{site.port}",
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    return context.new_page()


def take(page: Page, path: str, name: str) -> None:
    page.goto(path, wait_until="networkidle")
    save(page, name)


def save(page: Page, name: str) -> None:
    """Keep what the window shows, in few colours: it is read on a page, and cloned with the code."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
