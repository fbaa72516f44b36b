"""Petitions in every language tag (BCP 47): linked, opened and signed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SLUG, drafts, hidden_fields, make_petition
from tests.html_page import HtmlPage

TAGS = ["sv", "ckb", "pt-BR", "sr-Latn", "zh-Hant", "zh-Hant-TW", "zh-Hans-HK", "es-419", "yue-Hant-HK"]
PAGES = ["", "/share", "/poster", "/embed", "/changes", "/signatures"]


def sign_from(client: FlaskClient, path: str) -> None:
    answers = {"name": "Ann Example", "country": "SE", "email": "ann@example.org", "visibility": "public"}
    answer = client.post(f"/petitions/{SLUG}/sign", data=answers | hidden_fields(client.get(path).text))
    assert answer.status_code == 303
    assert client.get(answer.location).status_code == 200


def signed_in(app: Flask) -> str:
    (draft,) = drafts(app)
    return draft.language


@pytest.mark.parametrize("tag", TAGS)
def test_a_petition_in_any_language_is_listed_opened_and_signed(app: Flask, client: FlaskClient, tag: str) -> None:
    make_petition(app, language=f'"{tag}"', title='"救救圖書館"')
    listed = HtmlPage(client.get("/").text)
    assert [one.get("href") for one in listed.all("a") if one.words() == "救救圖書館"] == [f"/petitions/{SLUG}/en"]
    original = HtmlPage(client.get(f"/petitions/{SLUG}").text)
    assert original.all("h1")[0].words() == "救救圖書館"
    for page in PAGES:
        assert client.get(f"/petitions/{SLUG}{page}/{tag}").status_code == 200, page
    assert client.get(f"/petitions/{SLUG}/card.{tag}.png").status_code == 200
    sign_from(client, f"/petitions/{SLUG}/{tag}")
    assert signed_in(app) == tag


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_into_any_language_is_linked_opened_and_signed(app: Flask, client: FlaskClient, tag: str) -> None:
    tables = f'[[translations]]\nlanguage = "{tag}"\ntitle = "救救圖書館"\nstatement = "我們請求。"\n'
    make_petition(app, tables=tables)
    links = [one for one in HtmlPage(client.get(f"/petitions/{SLUG}").text).all("a") if one.get("hreflang") == tag]
    path = f"/petitions/{SLUG}/{tag}"
    assert path in [one.get("href") for one in links]
    translated = HtmlPage(client.get(path).text)
    assert translated.all("h1")[0].words() == "救救圖書館"
    sign_from(client, path)
    assert signed_in(app) == tag
