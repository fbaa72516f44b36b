"""The order of the sign form: what is needed comes first, and a comment that nobody must write is folded."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, make_petition, sign
from tests.html_page import HtmlPage

USUAL = ["name", "country", "email", "affiliation", "comment", "visibility", "updates"]


def asked(page: HtmlPage) -> list[str]:
    """Return the names of the form's questions, in their order."""
    hidden = {one.get("name") for one in page.all("input", type="hidden")} | {"topic", None}
    fields = [one for one in page.elements if one.tag in {"input", "select", "textarea"}]
    return list(dict.fromkeys(str(one.get("name")) for one in fields if one.get("name") not in hidden))


def is_folded(page: HtmlPage, field: str) -> bool:
    folds = [one for one in page.by_id(field).inside if one.tag == "details"]
    return any(one.get("open") is None for one in folds)


@pytest.mark.parametrize(
    ("fields", "order"),
    [
        ("", USUAL),
        ('affiliation = "required"', ["name", "affiliation", "country", "email", "comment", "visibility", "updates"]),
        ('country = "optional"', ["name", "email", "affiliation", "country", "comment", "visibility", "updates"]),
        ('comment = "required"', ["name", "country", "email", "comment", "affiliation", "visibility", "updates"]),
        ('affiliation = "off"\ncountry = "off"\ncomment = "off"', ["name", "email", "visibility", "updates"]),
    ],
    ids=["usual", "affiliation needed", "country not needed", "comment needed", "nothing more"],
)
def test_needed_questions_come_first(app: Flask, client: FlaskClient, fields: str, order: list[str]) -> None:
    make_petition(app, tables=f"[fields]\n{fields}\n")
    for path in (f"/petitions/{SLUG}", f"/petitions/{SLUG}/sign"):
        page = HtmlPage(client.get(path).text)
        assert asked(page) == order
        needed = [name for name in order if page.by_id(name).get("required") is not None]
        assert order[: len(needed)] == needed


def test_a_comment_is_behind_a_line_until_somebody_wrote_one(client: FlaskClient, petition: str) -> None:
    page = HtmlPage(client.get(f"/petitions/{petition}").text)
    assert is_folded(page, "comment")
    assert "Add a comment" in [one.words() for one in page.all("summary")]
    assert [name for name in USUAL if is_folded(page, name)] == ["comment"]
    assert is_folded(HtmlPage(sign(client, name="", comment="").text), "comment")
    assert not is_folded(HtmlPage(sign(client, name="", comment="I read.").text), "comment")
    assert not is_folded(HtmlPage(sign(client, comment="x" * 1001).text), "comment")


def test_a_comment_that_is_needed_is_not_folded(app: Flask, client: FlaskClient) -> None:
    make_petition(app, tables='[fields]\ncomment = "required"\n')
    page = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    assert not is_folded(page, "comment")
    assert "Add a comment" not in page.html
