"""The page of domain rules: editors set, change and remove them, and the log records it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Role
from app.moderation.domains import list_rules
from tests.factories import sign
from tests.html_page import HtmlPage
from tests.moderation.act import told
from tests.watching.organiser import BASE, press, signed_in
from tests.watching.people import petition_id_of

PAGE = f"{BASE}/domains"


@pytest.fixture
def editor(app: Flask, petition: str) -> FlaskClient:
    """A signed-in editor's browser."""
    return signed_in(app, Role.EDITOR)


def stored_rules(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {rule.domain: rule.verdict.value for rule in list_rules(petition_id_of())}


def put(client: FlaskClient, domain: str, verdict: str = "block") -> str:
    """Set a rule by the page's form; return the resulting page."""
    return press(client, client.get(PAGE).text, PAGE, domain=domain, verdict=verdict).text


def test_each_change_of_a_rule_is_logged_once(app: Flask, editor: FlaskClient) -> None:
    put(editor, " Example.NET ")
    put(editor, "example.net")
    assert stored_rules(app) == {"example.net": "block"}
    assert "Addresses at example.net cannot sign from now on." in editor.get(PAGE).text
    assert sign(app.test_client(), email="ann@example.net").status_code == 422
    put(editor, "example.net", "allow")
    assert stored_rules(app) == {"example.net": "allow"}
    assert sign(app.test_client(), email="ann@example.net").status_code == 303
    for _ in range(2):
        answer = press(editor, editor.get(PAGE).text, f"{PAGE}/remove", domain="example.net")
        assert (answer.status_code, answer.location) == (303, PAGE)
    assert stored_rules(app) == {}
    acts = [details["what"] for act, details in told(app) if act == "domain"]
    assert acts == ["block", "allow", "none"]


def test_the_log_does_not_name_the_domain(app: Flask, editor: FlaskClient) -> None:
    put(editor, "ann-example.net")
    put(editor, "ann-example.net", "allow")
    press(editor, editor.get(PAGE).text, f"{PAGE}/remove", domain="ann-example.net")
    log = signed_in(app, Role.OWNER, email="owner@example.org").get(f"{BASE}/log").text
    for words in (
        "refused the addresses at a domain",
        "let the addresses at a domain sign",
        "removed the rule for a domain",
    ):
        assert words in log
    assert "ann-example" not in log


def test_an_international_domain_is_shown_in_unicode_and_stored_in_ascii(app: Flask, editor: FlaskClient) -> None:
    put(editor, "Bücher.example")
    assert stored_rules(app) == {"xn--bcher-kva.example": "block"}
    assert "<bdi>bücher.example</bdi>" in editor.get(PAGE).text


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("@example.org", "example.org"),
        (" @bücher.example", "xn--bcher-kva.example"),
        ("＠Example.org\u200b", "example.org"),
        ("@ maßanfertigung.example", "xn--maanfertigung-cdb.example"),
    ],
)
def test_a_domain_may_be_typed_as_it_stands_in_an_address(
    app: Flask, editor: FlaskClient, typed: str, domain: str
) -> None:
    put(editor, typed)
    assert stored_rules(app) == {domain: "block"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("ann@example.org", "Please type the domain alone, without an address or a link around it: example.org."),
        ("https://example.org", "Please type the domain alone, without an address or a link around it: example.org."),
        ("@@example.org", "Please type the domain alone, without an address or a link around it: example.org."),
        ("co.uk", "Everybody's domains are below this one. Please name a single provider's, such as example.org."),
        ("localhost", "This is not a domain. It looks like example.org: what stands after the @ of an address."),
        ("x" * 254, "This is not a domain. It looks like example.org: what stands after the @ of an address."),
        ("", "This is not a domain. It looks like example.org: what stands after the @ of an address."),
    ],
)
def test_an_invalid_domain_is_refused_and_stays_in_the_form(
    app: Flask, editor: FlaskClient, typed: str, words: str
) -> None:
    answer = press(editor, editor.get(PAGE).text, PAGE, domain=typed, verdict="block")
    assert answer.status_code == 422
    page = HtmlPage(answer.text)
    assert page.errors() == {"domain": words}
    assert page.by_id("domain").get("value") == typed.removeprefix("@")
    assert stored_rules(app) == {}


def test_a_verdict_that_was_not_offered_is_refused(app: Flask, editor: FlaskClient) -> None:
    answer = press(editor, editor.get(PAGE).text, PAGE, domain="example.net", verdict="perhaps")
    assert answer.status_code == 422
    assert HtmlPage(answer.text).errors() == {"verdict": "Please choose whether they may sign."}
    assert stored_rules(app) == {}


def test_removing_an_unknown_rule_is_not_an_error(app: Flask, editor: FlaskClient) -> None:
    for domain in ("example.net", "", "\x00", "é" * 300):
        assert press(editor, editor.get(PAGE).text, f"{PAGE}/remove", domain=domain).status_code == 303


def test_viewers_can_read_and_not_change(app: Flask, editor: FlaskClient) -> None:
    put(editor, "example.net")
    viewer = signed_in(app, Role.VIEWER, email="vera@example.org")
    page = viewer.get(PAGE)
    assert page.status_code == 200 and "example.net" in page.text
    assert "Set a rule" not in page.text and "Remove" not in page.text
    for path in (PAGE, f"{PAGE}/remove"):
        assert press(viewer, page.text, path, domain="example.net", verdict="allow").status_code == 404
    assert stored_rules(app) == {"example.net": "block"}


def test_a_form_without_csrf_token_changes_nothing(app: Flask, editor: FlaskClient) -> None:
    del editor.environ_base["HTTP_X_CSRFTOKEN"]
    for path in (PAGE, f"{PAGE}/remove"):
        assert editor.post(path, data={"domain": "example.net", "verdict": "block"}).status_code == 400
    assert stored_rules(app) == {}
