"""Property tests of CSRF protection: every address, and every pair of Sec-Fetch-Site and Origin."""

from functools import cache
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from app.web.csrf import SAFE_METHODS
from tests.apps import without_database
from tests.conftest import make_app
from tests.web.addresses import fill

OURS = "http://localhost:8000"
REFUSED = "sent from a page of another site"
SITES = st.sampled_from([None, "same-origin", "none", "same-site", "cross-site", "", "null", "Same-Origin"]) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), max_size=12
)
ORIGINS = st.sampled_from(
    [
        *(None, "null", OURS, "", "NULL", "http://localhost", "https://localhost:8000", "http://LOCALHOST:8000"),
        *("http://127.0.0.1:8000", f"{OURS}/", f"{OURS}.evil.example", f"http://evil.example,{OURS}", "file://"),
        "http://localhost:8000 http://evil.example",
    ]
) | st.from_regex(r"https?://[a-z]{1,8}\.example(:[0-9]{2,4})?", fullmatch=True)


@cache
def site() -> Flask:
    """Return the app without a database: requests that are let in fail after that."""
    return without_database(make_app(Path("/nowhere"), "sqlite:////nowhere/none.db"))


def writing() -> list[tuple[Rule, str]]:
    """Return every rule with each method that may change something."""
    return [(rule, method) for rule in site().url_map.iter_rules() for method in (rule.methods or set()) - SAFE_METHODS]


def table(fetch_site: str | None, origin: str | None) -> bool:
    """Tell whether a request with these headers must be let in."""
    if fetch_site:
        return fetch_site in {"same-origin", "none"}
    return origin in {None, OURS}


def is_refused(rule: Rule, method: str, fetch_site: str | None, origin: str | None, **headers: str) -> bool:
    pairs = {"Sec-Fetch-Site": fetch_site, "Origin": origin} | headers
    told = {name: value for name, value in pairs.items() if value is not None}
    path = fill(rule, {"slug": "a-petition", "lang": "en", "answer": "accept"})
    answer = site().test_client().open(path, method=method, headers=told)
    return answer.status_code == 403 and REFUSED in answer.text


@pytest.mark.slow
@settings(max_examples=300, database=None)
@given(st.sampled_from(writing()), SITES, ORIGINS, st.sampled_from(["localhost", "evil.example", "127.0.0.1:8000"]))
def test_posts_are_accepted_from_our_pages_and_from_programs_only(
    address: tuple[Rule, str], fetch_site: str | None, origin: str | None, host: str
) -> None:
    rule, method = address
    if getattr(site().view_functions[rule.endpoint], "authorised_by_token", False):
        assert not is_refused(rule, method, fetch_site, origin, Host=host)
    else:
        assert is_refused(rule, method, fetch_site, origin, Host=host) is not table(fetch_site, origin)


def test_every_address_refuses_posts_from_other_sites() -> None:
    for rule, method in writing():
        exempt = getattr(site().view_functions[rule.endpoint], "authorised_by_token", False)
        assert not exempt or "token" in rule.arguments, rule.rule
        for fetch_site, origin in product(
            [None, "same-origin", "none", "same-site", "cross-site"], [None, "null", OURS, "https://evil.example"]
        ):
            is_expected = not exempt and not table(fetch_site, origin)
            assert is_refused(rule, method, fetch_site, origin) is is_expected, (method, rule.rule, fetch_site, origin)


def test_other_methods_reach_no_view() -> None:
    for rule, method in product(site().url_map.iter_rules(), ["PUT", "PATCH", "DELETE", "TRACE", "SIGN"]):
        path = fill(rule, {"slug": "a-petition", "lang": "en", "answer": "accept"})
        assert site().test_client().open(path, method=method).status_code in {400, 404, 405}, (method, rule.rule)
