"""Countries and languages are listed by each language's own alphabet."""

import json
import re

import pytest
from babel import Locale
from flask import Flask

from app.signing.forms import SignerForm
from app.web import countries, language
from app.web.name_order import ORDERS, in_order
from tests.html_page import HtmlPage
from tests.write_name_order import names, orders

LANGUAGES = list(language.INTERFACE_LANGUAGES)


def names_in(list_name: str, spoken: str) -> list[str]:
    return [name for _code, name in in_order(list_name, spoken, names()[list_name][spoken].items())]


def test_the_file_is_what_icu_says_of_the_installed_names() -> None:
    assert ORDERS.read_text("utf-8") == orders(), "names or order have changed: run `make orders`"


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_file_has_every_country_and_language_once(spoken: str) -> None:
    told = {name: lists[spoken].split() for name, lists in json.loads(ORDERS.read_text("utf-8")).items()}
    assert sorted(told["countries"]) == sorted(countries.CODES)
    assert sorted(told["languages"]) == sorted(language.names(Locale.parse(spoken)))


@pytest.mark.parametrize(
    ("spoken", "earlier", "later"),
    [
        ("sv", "Zambia", "Österrike"), ("fi", "Fidži", "Filippiinit"), ("fi", "Färsaaret", "Gabon"),
        ("da", "Østrig", "Åland"),
        ("de", "Ägypten", "Albanien"), ("cs", "Honduras", "Chile"), ("cs", "Chorvatsko", "Indie"),
        ("cs", "Curaçao", "Čad"), ("hu", "Curaçao", "Csád"), ("es", "Níger", "Nigeria"), ("fr", "Égypte", "Espagne"),
        ("ru", "Ямайка", "Япония"), ("uk", "Індія", "Ямайка"), ("uk", "Єгипет", "Ємен"), ("uk", "Ємен", "Замбія"),
        ("uk", "Гаїті", "Данія"), ("en", "Åland Islands", "Albania"),
    ],
)  # fmt: skip
def test_each_alphabet_has_its_order(spoken: str, earlier: str, later: str) -> None:
    listed = names_in("countries", spoken)
    assert listed.index(earlier) < listed.index(later)


def test_no_ukrainian_country_and_no_language_comes_after_ya() -> None:
    for list_name in ("countries", "languages"):
        assert re.match("Я|я", names_in(list_name, "uk")[-1])


def test_every_choice_of_a_country_is_in_this_order(app: Flask) -> None:
    with app.test_request_context(), language.force_language("sv"):
        page = HtmlPage(str(SignerForm().country()))
    listed = [option.text for option in page.all("option") if option.get("value")]
    assert len(listed) == len(countries.CODES)
    assert [name for name in listed if name in {"Zimbabwe", "Åland", "Egypten", "Österrike"}] == [
        *("Egypten", "Zimbabwe", "Åland", "Österrike")
    ]


def test_organisers_choose_languages_so(app: Flask) -> None:
    with app.app_context(), language.force_language("cs"):
        listed = [name for _tag, name in language.language_choices()]
    assert listed.index("hornolužická srbština") < listed.index("chorvatština") < listed.index("igboština")


def test_a_code_that_the_file_has_not_comes_last_by_name() -> None:
    named = [("Q2", "beta"), ("Q1", "Alpha"), ("SE", "Sverige")]
    assert in_order("countries", "sv", named) == [("SE", "Sverige"), ("Q1", "Alpha"), ("Q2", "beta")]
