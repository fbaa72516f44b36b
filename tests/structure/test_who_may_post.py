"""Every address that changes something either refuses other sites' pages or is authorised by the token in its path."""

from pathlib import Path

from app.web.csrf import SAFE_METHODS
from tests.apps import without_database
from tests.conftest import make_app

ANYTHING = {
    "slug": "a-petition",
    "lang": "en",
    "token": "a-token",
    "reference": "a-reference",
    "filename": "x",
    "number": "1",
    "member": "00",
    "what": "appoint",
    "entry": "00",
    "kind": "csv",
    "answer": "accept",
    "nth": "1",
}


def test_every_post_route_checks_the_origin_or_a_token(tmp_path: Path) -> None:
    app = without_database(make_app(tmp_path, f"sqlite:///{tmp_path}/none.db"))
    client = app.test_client()
    addresses = app.url_map.bind("localhost")
    guarded = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE_METHODS):
            path = addresses.build(rule.endpoint, {name: ANYTHING[name] for name in rule.arguments}, method)
            status = client.open(path, method=method, headers={"Sec-Fetch-Site": "cross-site"}).status_code
            if getattr(app.view_functions[rule.endpoint], "authorised_by_token", False):
                assert "token" in rule.arguments, f"{rule.rule} says that a token authorises it, but has none"
                assert status == 404, f"{rule.rule} does not look at its token"
            else:
                assert status == 403, f"{method} {rule.rule} takes what another site's page sends"
            guarded.append(rule.rule)
    assert guarded


def test_no_route_has_other_methods(tmp_path: Path) -> None:
    app = without_database(make_app(tmp_path, f"sqlite:///{tmp_path}/none.db"))
    assert {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} == {*SAFE_METHODS, "POST"}
