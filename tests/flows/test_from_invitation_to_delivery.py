"""The organiser's whole story at a phone: invited by command, and at the end four files and a log that tells it all."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import BrowserContext, Download, Page, expect
from pypdf import PdfReader

from tests.flows.conftest import overflows, troubles_of
from tests.flows.desk import add_passkeys, invite, link_to, see_its_page, write_a_petition
from tests.site import Site, wait_until

SIGNERS = {"ann": "Ann Example", "bob": "Боб Пример", "eve": "Eve Made-Up"}


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """Give a page that fails the test if it asks another host or logs an error."""
    page = context.new_page()
    troubles = troubles_of(page, site.port)
    yield page
    assert not [trouble for trouble in troubles if "409" not in trouble]  # opened before it was complete


def tab(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_label("This petition").get_by_role("link", name=name).click()
    assert not overflows(page)


def sign_and_confirm(site: Site, reader: Page, slug: str, address: str, name: str) -> None:
    """Sign as somebody, and press the button that the letter leads to."""
    site.sign(slug, address, name)
    site.confirm(re.sub("^https?://[^/]+", "", link_to(reader, address, "/confirm/")), name)


def handed_over(page: Page, kind: str) -> Download:
    tab(page, "Hand over")
    page.get_by_label("Who gets this list?").fill("The Transport Committee of Exampletown")
    page.get_by_label(kind).check()
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name="Make the list").click()
    return waiting.value


@pytest.mark.slow
def test_from_the_invitation_to_the_four_files(page: Page, context: BrowserContext, site: Site, tmp_path: Path) -> None:
    address = invite(site, "--administrator")  # who may open petitions
    add_passkeys(context, page)
    page.goto(link_to(page, address, "/organise/invitation/"))
    page.get_by_role("button", name="Join with a passkey").click()
    page.get_by_label("Name of the passkey").fill("my phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(re.compile("/organise/account$"))

    write_a_petition(page, "Keep the bus", tmp_path)
    slug = "keep-the-bus"
    see_its_page(page, "Keep the bus")
    page.goto(f"/organise/petitions/{slug}")

    tab(page, "Dashboard")
    number = page.locator("[data-number=verified]")
    expect(number).to_have_text("0")
    reader = context.new_page()
    for at, (signer, name) in enumerate(SIGNERS.items(), 1):
        sign_and_confirm(site, reader, slug, f"{signer}{os.urandom(4).hex()}@example.org", name)
        wait_until(lambda seen=str(at): number.inner_text() == seen)  # type: ignore[misc]

    tab(page, "Signatures")
    page.get_by_label("Eve Made-Up").check()
    page.get_by_role("button", name="Invalidate…").click()
    page.get_by_label("A made-up name").check()
    page.get_by_role("button", name="Invalidate 1 signature").click()
    wait_until(lambda: json.loads(site.ask("GET", f"/petitions/{slug}/count.json")[1])["verified"] == 2)

    left = {"Ann Example", "Боб Пример"}
    listed = handed_over(page, "CSV: for programs").path().read_text("utf-8")
    assert {row["name"] for row in csv.DictReader(io.StringIO(listed, newline=""))} == left
    sheet = openpyxl.load_workbook(io.BytesIO(handed_over(page, "XLSX").path().read_bytes())).active
    assert {sheet["B2"].value, sheet["B3"].value} == left
    assert {row["name"] for row in json.loads(handed_over(page, "JSON").path().read_text("utf-8"))["rows"]} == left
    tab(page, "Hand over")
    page.get_by_label("Who gets this list?").fill("The Transport Committee of Exampletown")
    page.get_by_label("PDF").check()
    page.get_by_role("button", name="Make the list").click()
    page.get_by_text("The delivery is ready.").wait_for(timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the PDF").click()
    pdf = PdfReader(waiting.value.path())
    text = "\n".join(one.extract_text() for one in pdf.pages)
    assert "Keep the bus" in text
    assert all(name in text for name in left)
    assert "Eve Made-Up" not in text

    page.goto(f"/organise/petitions/{slug}/log")
    told = page.inner_text("main")
    story = [
        "created the petition", "edited the petition", "opened the petition",
        "invalidated 1 signature: A made-up name", "exported the signatures as CSV",
        "exported the signatures as XLSX", "exported the signatures as JSON", "exported the signatures as PDF",
    ]  # fmt: skip
    places = [told.index(act) if act == "opened the petition" else told.rindex(act) for act in story]
    assert places == sorted(places, reverse=True)
    assert address in told
    assert not {"Ann Example", "Eve Made-Up"} & set(told.splitlines())
    assert not overflows(page)
