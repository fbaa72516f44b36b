"""What a screen reader says of a page, in its order: each thing with its role and its name, in two languages."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask_babel import gettext as say
from flask_babel import ngettext
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.crypto.tokens import Purpose, make_token
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.models import Draft, Organiser, Role
from app.web.language import force_language
from tests.conftest import make_app
from tests.factories import SLUG, make_draft, make_petition
from tests.organisers.people import signed_in

pytestmark = pytest.mark.slow

SWEDEN = {"en": "Sweden", "ar": "السويد"}
CONSENT = "By pressing the button you agree to this use of your data, and of the opinion that your signature shows."
WRITTEN = {"definition", "img", "paragraph"}  # numbers and sentences, between what leads on


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site with one open petition, to whose owner a cookie belongs."""
    folder: Path = tmp_path_factory.mktemp("aloud")
    app = make_app(folder, f"sqlite:///{folder}/site.db")
    with app.app_context():
        upgrade()
        check_keys()
    make_petition(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["en", "ar"])
def language(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """The language that is read aloud, and in which what is expected is said."""
    with app.test_request_context(), force_language(request.param):
        yield request.param


@pytest.fixture
def page(browser: Browser, base: str) -> Iterator[Page]:
    page = browser.new_page(base_url=base, java_script_enabled=False)
    yield page
    page.close()


@pytest.fixture
def desk(page: Page, app: Flask, base: str, language: str) -> Page:
    """A browser in which the owner is signed in, whose account has the language."""
    cookie = signed_in(app, role=Role.OWNER).get_cookie("organiser")
    assert cookie
    with transaction() as session:
        session.execute(update(Organiser).values(language=language))
    page.context.add_cookies([{"name": "organiser", "value": cookie.value, "url": base}])
    return page


def spoken(page: Page, where: str = "main", without: Collection[str] = ()) -> list[str]:
    """Return what the accessibility tree says there, in its order."""
    return list(said(yaml.safe_load(page.locator(where).aria_snapshot()), {"text", "option", *without}))


def said(tree: list[str | dict[str, object]], unsaid: set[str]) -> Iterator[str]:
    """Yield role and name of each thing that has both; of a sentence, its words."""
    for one in tree:
        key, inner = next(iter(one.items())) if isinstance(one, dict) else (one, None)
        found = re.fullmatch(r'(\w+)(?: "(.*)")?(?: \[\S+\])*', key)
        if found is None:
            continue  # an address
        role, name = found[1], found[2] or inner
        if role == "paragraph" and "strong" in str(inner):
            name, inner = " ".join(words for part in inner for words in part.values()), None
            name = re.sub(r" (?=[,،])", "", name)
        if isinstance(name, str) and role not in unsaid:
            yield f"{role} {name}"
        if isinstance(inner, list):
            yield from said(inner, unsaid)


def notice() -> str:
    """Return the line that says the most about the data."""
    after = "after the petition has closed."
    parts = [
        say("%(who)s answers for your data.", who="Test Library Club"),
        say("Who gets the list: %(who)s.", who="The Town Council of Testville"),
        ngettext(f"Erased %(num)d day {after}", f"Erased %(num)d days {after}", 90),
        say("More about your data"),
    ]
    return " ".join(parts)


def choices() -> list[str]:
    """Return what each form asks last."""
    seen_by = (f"radio {say(each)}" for each in ("Everyone", "Only who gets the petition", "Only the organisers"))
    updates = f"checkbox {say('Yes, write to me about this petition now and then')}"
    return [f"group {say('Who may see your name?')}", *seen_by, updates]


def open_confirm_page(page: Page, app: Flask, language: str) -> None:
    draft = make_draft(app, email=f"{language}@example.org")
    with transaction() as session:
        session.execute(update(Draft).where(Draft.public_id == draft).values(language=language))
    page.goto(f"/confirm/{make_token(Purpose.CONFIRM, draft)}")


def test_the_confirm_page_says_what_is_signed_as_whom_and_what_becomes_of_it_and_then_the_button(
    page: Page, app: Flask, language: str
) -> None:
    open_confirm_page(page, app, language)
    assert spoken(page) == [
        f"heading {say('Confirm your signature')}",
        "region Save the test library",
        "heading Save the test library",
        "paragraph We ask the town to keep the test library open.",
        f"region {say('This is what you say')}",
        f"paragraph {say('You sign as')} {say(', ').join(['Ann Example', 'Reader', SWEDEN[language]])}.",
        f"paragraph {say('Seen by:')} {say('Everyone')}",
        "paragraph I read.",
        f"group {say('Change')}",
        f"group {notice()}",
        f"paragraph {say(CONSENT)}",
        f"button {say('I agree, count my signature')}",
    ]


def test_behind_change_stand_the_fields_in_the_order_of_the_card(page: Page, app: Flask, language: str) -> None:
    open_confirm_page(page, app, language)
    page.locator(".change summary").click()
    optional = say("(optional)")
    assert spoken(page, ".change", WRITTEN) == [
        f"textbox {say('Your name')}",
        f"textbox {say('Title or affiliation')} {optional}",
        f"combobox {say('Country')}",
        f"textbox {say('Comment')} {optional}",
        *choices(),
    ]


def test_the_sign_form_asks_for_what_is_needed_first_and_tells_of_the_data_before_the_button(
    page: Page, language: str
) -> None:
    page.goto(f"/petitions/{SLUG}/{language}")
    assert spoken(page, "#sign", WRITTEN) == [
        f"complementary {say('Sign this petition')}",
        f"heading {say('Sign this petition')}",
        f"textbox {say('Your name')}",
        f"combobox {say('Country')}",
        f"textbox {say('E-mail')}",
        f"textbox {say('Title or affiliation')} {say('(optional)')}",
        f"group {say('Add a comment')}",
        *choices(),
        f"group {notice()}",
        f"button {say('Sign')}",
    ]


LESS = ("Today", "Yesterday", "Last 7 days", "Withdrawn", "Invalidated", "Pending", "Declined")
CHOSEN = ("Agreed to updates", "Name seen by everyone", "Name seen by the addressee", "Name seen by organisers only")
OWN_PAGES = ("Dashboard", "Signatures", "Hand over / export", "News", "Petition", "Members", "Log")


def mine() -> list[str]:
    """Return where an organiser can go from every page."""
    links = (f"link {say(each)}" for each in ("My petitions", "My account"))
    return [f"navigation {say('Organisers')}", *links, f"button {say('Sign out')}"]


def ways() -> list[str]:
    """Return where an organiser can go from each page of a petition, and what is next."""
    return [
        *mine(),
        f"link {say('See its page')}",
        f"navigation {say('This petition')}",
        *(f"link {say(each)}" for each in OWN_PAGES),
        f"region {say('Next step')}",
        f"link {say('Sign it')}",
    ]


def test_my_petitions_begin_with_what_can_be_begun_and_name_each_before_what_can_be_done_with_it(desk: Page) -> None:
    desk.goto("/organise")
    assert spoken(desk, without=WRITTEN) == [
        *mine(),
        f"heading {say('My petitions')}",
        f"link {say('Add one now')}",  # a second step
        f"link {say('New petition')}",
        f"link {say('Bring in a petition file')}",
        "heading Save the test library",
        "link Save the test library",
        f"link {say('Members of “%(title)s”', title='Save the test library')}",
        f"group {say('Leave this petition')}",
    ]


def test_the_dashboard_says_what_is_next_before_the_numbers_and_the_count_before_the_rest(desk: Page) -> None:
    desk.goto(f"/organise/petitions/{SLUG}")
    assert spoken(desk, without=WRITTEN) == [
        *ways(),
        f"heading {say('Dashboard')}",
        *(f"{role} {say('Signatures')}" for role in ("region", "heading")),
        f"term {say('Verified: this is the count')}",
        *(f"term {say(each)}" for each in LESS),
        *(f"{role} {say('E-mails of this petition')}" for role in ("region", "heading")),
        *(f"term {say(each)}" for each in ("Sent", "Waiting", "Failed", "Came back", "Called spam")),
        f"link {say('Choose which e-mails you get about this petition')}",
        *(f"{role} {say('What signers chose')}" for role in ("region", "heading")),
        *(f"term {say(each)}" for each in CHOSEN),
        *(f"{role} {say('Over time')}" for role in ("region", "heading")),
        f"navigation {say('Steps of time')}",
        *(f"link {say(each)}" for each in ("By the hour", "By day", "By week")),
        *(f"{role} {say('Verified signatures in all')}" for role in ("figure", "heading")),
        *(f"{role} {say('Change in each hour')}" for role in ("figure", "heading")),
        f"group {say('The numbers as a table')}",
        *(f"{role} {say('By country')}" for role in ("figure", "heading")),
        *(f"{role} {say('By language')}" for role in ("figure", "heading")),
        *(f"{role} {say('How long confirming took')}" for role in ("figure", "heading")),
    ]


def test_the_overview_says_what_is_next_and_then_what_else_can_be_done(desk: Page) -> None:
    desk.goto(f"/organise/petitions/{SLUG}/publishing")
    assert spoken(desk, without=WRITTEN) == [
        *ways(),
        f"navigation {say('Parts of the petition')}",
        *(f"link {say(each)}" for each in ("Overview", "Text", "Details", "Data and donations", "Image", "Preview")),
        f"heading {say('This petition is open')}",
        f"heading {say('What you can do')}",
        f"link {say('Close the petition')}",
        f"link {say('Block e-mail domains')}",
        f"link {say('Download the petition file')}",
    ]
