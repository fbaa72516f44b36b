"""From letters alone: confirm by button or code, correct, hide, decline, withdraw, and the count is right after each.

Once over HTTP on both databases, and once by a person's clicks in a real browser.
"""

import os
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db import db
from app.ledger.audit import audit
from app.models import Kind, LedgerEntry, Petition
from tests.factories import SLUG, hidden_fields, press_confirm, sign, verified
from tests.flows.conftest import overflows
from tests.flows.visitor import count_of, fill, letter, letter_to
from tests.mail_server import MailServer, code_in, link_in

pytestmark = pytest.mark.both_databases

Work = Callable[[], int]


def test_over_http_the_count_is_right_after_each(
    app: Flask, client: FlaskClient, petition: str, mail_server: MailServer, work: Work
) -> None:
    sign(client, email="button@example.org", name="Ann Button")
    by_code = sign(client, email="code@example.org", name="Bob Code").location
    sign(client, email="not-me@example.org", name="Eve Stranger")
    work()
    first = {address: mail_server.to(f"{address}@example.org")[0] for address in ("button", "code", "not-me")}
    assert verified(client) == 0

    press_confirm(client, link_in(first["button"]), name="Ann Button")
    assert verified(client) == 1
    led_to = client.post(by_code, data={"code": code_in(first["code"])}).location
    assert verified(client) == 1
    press_confirm(client, led_to, name="Bob Code")
    assert verified(client) == 2
    client.post(link_in(first["not-me"], "not-me"))
    assert press_confirm(client, link_in(first["not-me"])).status_code == 403
    assert verified(client) == 2

    work()
    own = link_in(mail_server.to("button@example.org")[1], "signature")
    said = {"name": "Ann Right", "country": "SE", "visibility": "organisers", "act": "correct"}
    client.post(own, data={**said, **hidden_fields(client.get(own).text)})
    page = client.get(f"/petitions/{SLUG}").text
    assert "Ann" not in page
    assert "Bob Code" in page
    assert verified(client) == 2

    client.post(f"/petitions/{SLUG}/my-signature", data={"email": "button@example.org"})
    work()
    assert client.get(own).status_code == 200, "for an hour, or strangers could end a page that is being read"
    newest = link_in(mail_server.to("button@example.org")[2], "signature")
    assert "Ann Right" in client.get(newest).text
    client.post(newest, data={"act": "withdraw"})
    assert verified(client) == 1

    sign(client, email="button@example.org", name="Ann Again")
    work()
    press_confirm(client, link_in(mail_server.to("button@example.org")[3]), name="Ann Again")
    assert verified(client) == 2
    with app.app_context():
        assert audit(db.session.scalars(select(Petition)).one()).sound
        kinds = db.session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all()
    assert kinds == [Kind.CONFIRMED, Kind.CONFIRMED, Kind.CORRECTED, Kind.WITHDRAWN, Kind.CONFIRMED]


def signed(page: Page, name: str) -> str:
    """Sign the example petition in the browser; return the address that was given."""
    address = f"{name.split()[0].lower()}{os.urandom(4).hex()}@example.org"
    count_of(page)
    fill(page, address, name)
    page.get_by_role("button", name="Sign").click()
    page.wait_for_url("**/check-your-email/**")
    assert not overflows(page)
    return address


def test_by_code_then_corrected_hidden_and_withdrawn(page: Page) -> None:
    before = count_of(page)
    address = signed(page, "Codie Example")
    waiting = page.url
    shown = re.search(r"\b\w{3}-\w{3}-\w{3}\b", letter(page, address).locator("pre").first.inner_text())
    assert shown

    page.goto(waiting)
    page.get_by_label("Code").fill("222-222-222")
    page.get_by_role("button", name="Go on").click()
    page.locator(".error-summary:focus").wait_for()
    assert not overflows(page)
    page.get_by_label("Code").fill(shown[0].lower())
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/confirm/**")
    page.get_by_role("button", name="I agree, count my signature").click()
    expect(page.locator(".count strong")).to_have_text(str(before + 1))

    page.goto(letter_to(page, address, "signature", which=2))
    assert not overflows(page)
    page.get_by_label("Your name").fill("Codie Corrected")
    page.get_by_label("Only the organisers").check()
    page.get_by_role("button", name="Save the changes").click()
    expect(page.locator("main")).to_contain_text("It is saved")
    expect(page.get_by_label("Your name")).to_have_value("Codie Corrected")
    own = page.url
    assert count_of(page) == before + 1
    assert "Codie" not in page.inner_text("main")

    page.goto(own)
    page.get_by_text("Withdraw my signature").click()
    page.get_by_role("button", name="Yes, erase it now").click()
    expect(page.locator("h1")).to_contain_text("It is withdrawn")
    assert count_of(page) == before


def test_it_was_not_me_and_undone_again(page: Page) -> None:
    before = count_of(page)
    address = signed(page, "Nora Example")
    link = letter_to(page, address, "not-me")
    page.goto(link)
    assert not overflows(page)
    page.get_by_role("button", name="It was not me").click()
    expect(page.locator("h1")).to_contain_text("It is erased")
    assert not overflows(page)
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator("h1")).to_contain_text("It is undone")
    assert count_of(page) == before


def test_never_write_to_me(page: Page) -> None:
    address = signed(page, "Una Example")
    page.goto(letter_to(page, address, "not-me"))
    page.get_by_label("And stop all other e-mails from this site", exact=False).check()
    page.get_by_role("button", name="It was not me").click()
    expect(page.locator("h1")).to_contain_text("It is erased")


def test_a_lost_letter_brings_a_new_link(page: Page) -> None:
    address = signed(page, "Lena Example")
    page.goto(letter_to(page, address))
    page.get_by_role("button", name="I agree, count my signature").click()
    page.wait_for_url("**/signed*")
    letter_to(page, address, "signature", which=2)
    count_of(page)
    page.locator(".privacy summary").click()
    page.get_by_role("link", name="Lost the e-mail?").first.click()
    page.wait_for_url("**/my-signature*")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Send me the link").click()
    page.wait_for_url("**sent=1*")
    assert not overflows(page)
    page.goto(letter_to(page, address, "signature", which=3))
    expect(page.get_by_label("Your name")).to_have_value("Lena Example")
