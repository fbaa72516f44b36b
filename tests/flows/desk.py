"""What organisers do at a phone's browser, for the stories: join, with or without a passkey, and write a petition."""

import io
import os
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import make_app
from tests.flows.conftest import overflows
from tests.flows.visitor import letter
from tests.site import Site, wait_until

PASSWORD = "correct horse battery staple"


def invite(site: Site, *options: str) -> str:
    """Invite somebody new by command; return the address."""
    address = f"olga{os.urandom(4).hex()}@example.org"
    done = app_of(site).test_cli_runner().invoke(args=["organiser", "invite", address, *options])
    assert "an e-mail is on its way" in done.output
    return address


def app_of(site: Site) -> Flask:
    """Return an app of this process on the site's database, as a command of its operator has."""
    base_url = f"http://localhost:{site.port}"
    return make_app(site.folder, f"sqlite:///{site.folder}/site.db", BASE_URL=base_url)


def link_to(page: Page, address: str, part: str) -> str:
    """Return the link with that part in the letter to `address`, read in the mailbox page."""
    link = letter(page, address).locator("pre a", has_text=part).first.get_attribute("href")
    assert link
    return link


def join_with_password(page: Page, address: str) -> None:
    page.goto(link_to(page, address, "/organise/invitation/"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join with this password").click()


def add_passkeys(context: BrowserContext, page: Page) -> None:
    """Give the browser an authenticator that always says yes (WebAuthn's virtual authenticator)."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def save(page: Page, what: str = "") -> None:
    """Save the page's form, or the one of `what`."""
    with page.expect_navigation():
        page.get_by_role("button", name=f"Save: {what}" if what else "Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    assert not overflows(page)


def part(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_label("Parts of the petition").get_by_role("link", name=name).click()
    assert not overflows(page)


def write_a_petition(page: Page, title: str, folder: Path, *, scripts: bool = True) -> None:
    """Write a petition with initiators, image and a Swedish translation, and open it; `folder` is for the image."""
    page.goto("/organise/petitions/new")
    assert not overflows(page)
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Begin").click()

    page.get_by_label("What people sign").fill("We ask the council to keep the bus.")
    page.get_by_label("The reasons").press_sequentially("**Nurses** get home by it.")
    if scripts:
        page.locator("#preview strong", has_text="Nurses").wait_for()
        expect(page.get_by_role("button", name="Show how it looks")).to_be_hidden()
    else:
        page.get_by_role("button", name="Show how it looks").click()
        expect(page.locator("#preview strong")).to_have_text("Nurses")
    save(page)

    page.get_by_text("Add a translation").click()
    page.get_by_role("combobox", name="Language").select_option("sv")
    page.get_by_role("button", name="Write it").click()
    page.get_by_label("Title").fill("Rädda nattbussen")
    page.get_by_label("What people sign").fill("Vi ber kommunen behålla bussen.")
    save(page)

    part(page, "Details")
    page.get_by_label("Started by").fill("Riverside Residents")
    save(page, "Who, when and how many")
    initiators = page.get_by_role("form", name="Initiators")
    initiators.get_by_role("button", name="Add an initiator").click()
    initiators.get_by_label("Name").fill("Ann Example")
    initiators.get_by_role("button", name="Add another initiator").click()
    expect(initiators.get_by_label("Name")).to_have_count(2)
    expect(initiators.get_by_label("Name").nth(0)).to_have_value("Ann Example")
    save(page, "Initiators")

    part(page, "Overview")
    page.get_by_role("link", name="Open the petition").click()
    page.get_by_role("link", name="who answers for the data").click()
    page.get_by_label("Addressee").fill("The Transport Committee of Exampletown")
    page.get_by_label("Where signers can write to").fill("bus@example.org")
    responsible = page.get_by_role("group", name="Who answers for the data")
    responsible.get_by_label("Name").fill("Riverside Residents")
    responsible.get_by_label("Postal address").fill("2 Example Lane\n00000 Exampletown")
    responsible.get_by_label("E-mail").fill("privacy@example.org")
    page.get_by_label("Days after closing").fill("90")
    save(page)

    part(page, "Image")
    path = folder / "bus.png"
    path.write_bytes(picture())
    page.get_by_label("Image file").set_input_files(path)
    page.get_by_label("What the image shows").fill("A bus at night")
    save(page)

    part(page, "Preview")
    shown = page.get_by_role("img", name="A bus at night")
    wait_until(lambda: shown.evaluate("image => image.complete && image.naturalWidth > 0"))
    assert str(shown.evaluate("image => image.currentSrc")).endswith("-480.jpg")
    assert not overflows(page)
    page.get_by_role("link", name="Back to editing").click()
    page.locator(".next-step").get_by_role("link", name="Open the petition").click()
    page.get_by_role("button", name="Open the petition").click()


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 600)).convert("RGB").save(out, "PNG")
    return out.getvalue()


def see_its_page(page: Page, title: str) -> None:
    """Look at the public page of the petition that was just written and opened, in both its languages."""
    page.get_by_role("link", name="See its page").click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_role("img", name="A bus at night")).to_have_count(1)
    assert page.get_by_role("button", name="Sign").is_enabled()
    page.goto(f"{page.url}/sv")
    expect(page.locator("h1")).to_have_text("Rädda nattbussen")
    assert not overflows(page)
