"""The public interface: sent letters and other people's scripts depend on these addresses, so none goes away."""

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.apps import without_database
from tests.conftest import make_app

PROMISED = {
    "/favicon.ico": {"GET"},
    "/apple-touch-icon.png": {"GET"},
    "/robots.txt": {"GET"},
    "/sitemap.xml": {"GET"},
    "/.well-known/security.txt": {"GET"},
    "/.well-known/change-password": {"GET"},
    "/": {"GET"},
    "/<lang>": {"GET"},
    "/petitions/<slug>": {"GET"},
    "/petitions/<slug>/<lang>": {"GET"},
    "/petitions/<slug>/sign": {"GET", "POST"},
    "/petitions/<slug>/challenge.json": {"GET"},
    "/petitions/<slug>/check-your-email/<reference>": {"GET", "POST"},
    "/petitions/<slug>/signed": {"GET"},
    "/petitions/<slug>/changes": {"GET"},
    "/petitions/<slug>/changes/<lang>": {"GET"},
    "/petitions/<slug>/signatures": {"GET"},
    "/petitions/<slug>/signatures/<lang>": {"GET"},
    "/petitions/<slug>/image/<digest>-<width>.jpg": {"GET"},
    "/petitions/<slug>/count.json": {"GET"},
    "/petitions/<slug>/share": {"GET"},
    "/petitions/<slug>/share/<lang>": {"GET"},
    "/petitions/<slug>/poster": {"GET"},
    "/petitions/<slug>/poster/<lang>": {"GET"},
    "/petitions/<slug>/embed": {"GET"},
    "/petitions/<slug>/embed/<lang>": {"GET"},
    "/petitions/<slug>/card.png": {"GET"},
    "/petitions/<slug>/card.<lang>.png": {"GET"},
    "/petitions/<slug>/badge.svg": {"GET"},
    "/petitions/<slug>/badge.<lang>.svg": {"GET"},
    "/petitions/<slug>/qr.svg": {"GET"},
    "/petitions/<slug>/qr.<lang>.svg": {"GET"},
    "/oembed": {"GET"},
    "/confirm/<token>": {"GET", "POST"},
    "/signature/<token>": {"GET", "POST"},
    "/petitions/<slug>/my-signature": {"GET", "POST"},
    "/entry/<token>": {"GET", "POST"},
    "/not-me/<token>": {"GET", "POST"},
    "/unsubscribe/<token>": {"GET", "POST"},
    "/organise": {"GET"},
    "/organise/login": {"GET", "POST"},
    "/organise/logout": {"POST"},
    "/organise/reset": {"GET", "POST"},
    "/organise/reset/<token>": {"GET", "POST"},
    "/organise/verify": {"GET", "POST"},
    "/organise/change": {"GET", "POST"},
    "/organise/tf-setup": {"GET", "POST"},
    "/organise/tf-setup/<token>": {"POST"},
    "/organise/tf-select": {"GET", "POST"},
    "/organise/tf-validate": {"GET", "POST"},
    "/organise/tf-rescue": {"GET", "POST"},
    "/organise/mf-recovery": {"GET", "POST"},
    "/organise/mf-recovery-codes": {"GET", "POST"},
    "/organise/wan-register": {"GET", "POST"},
    "/organise/wan-register/<token>": {"POST"},
    "/organise/wan-signin": {"GET", "POST"},
    "/organise/wan-signin/<token>": {"POST"},
    "/organise/wan-verify": {"GET", "POST"},
    "/organise/wan-verify/<token>": {"POST"},
    "/organise/wan-delete": {"GET", "POST"},
    "/organise/invitation/<token>": {"GET", "POST"},
    "/organise/account": {"GET"},
    "/organise/account/language": {"POST"},
    "/organise/account/sign-out-everywhere": {"POST"},
    "/organise/account/end": {"GET", "POST"},
    "/organise/people": {"GET", "POST"},
    "/organise/people/<member>": {"GET"},
    "/organise/people/<member>/<what>": {"POST"},
    "/organise/people/<member>/end": {"GET", "POST"},
    "/organise/petitions/<slug>": {"GET"},
    "/organise/petitions/<slug>/numbers.json": {"GET"},
    "/organise/petitions/<slug>/signatures": {"GET"},
    "/organise/petitions/<slug>/signatures/find": {"POST"},
    "/organise/petitions/<slug>/signatures/find-by-name": {"POST"},
    "/organise/petitions/<slug>/signatures/invalidate": {"POST"},
    "/organise/petitions/<slug>/signatures/restore": {"POST"},
    "/organise/petitions/<slug>/signatures/dismiss": {"POST"},
    "/organise/petitions/<slug>/domains": {"GET", "POST"},
    "/organise/petitions/<slug>/domains/remove": {"POST"},
    "/organise/petitions/<slug>/signatures/<entry>": {"GET"},
    "/organise/petitions/<slug>/signatures/<entry>/hide": {"POST"},
    "/organise/petitions/<slug>/signatures/<entry>/show": {"POST"},
    "/organise/petitions/<slug>/export": {"GET", "POST"},
    "/organise/petitions/<slug>/export/before": {"GET"},
    "/organise/petitions/<slug>/export/trial": {"POST"},
    "/organise/petitions/<slug>/signatures.<kind>": {"GET"},
    "/organise/petitions/<slug>/signatures.pdf": {"GET", "POST"},
    "/organise/petitions/<slug>/members": {"GET", "POST"},
    "/organise/petitions/<slug>/members/<member>/role": {"POST"},
    "/organise/petitions/<slug>/members/<member>/remove": {"POST"},
    "/organise/petitions/<slug>/leave": {"POST"},
    "/organise/petitions/<slug>/<answer>": {"POST"},
    "/organise/petitions/<slug>/log": {"GET"},
    "/organise/petitions/<slug>/log.csv": {"POST"},
    "/organise/petitions/new": {"GET", "POST"},
    "/organise/petitions/import": {"GET", "POST"},
    "/organise/petitions/<slug>/publishing": {"GET"},
    "/organise/petitions/<slug>/open": {"GET", "POST"},
    "/organise/petitions/<slug>/close": {"GET", "POST"},
    "/organise/petitions/<slug>/reopen": {"GET", "POST"},
    "/organise/petitions/<slug>/delete": {"GET", "POST"},
    "/organise/petitions/<slug>/who-writes": {"POST"},
    "/organise/petitions/<slug>/words/<lang>/delete": {"GET", "POST"},
    "/organise/people/log": {"GET"},
    "/organise/health": {"GET"},
    "/organise/account/name": {"POST"},
    "/organise/petitions/<slug>/petition.md": {"GET"},
    "/organise/petitions/<slug>/preview": {"GET"},
    "/organise/petitions/<slug>/preview/<lang>": {"GET"},
    "/organise/petitions/<slug>/words": {"GET", "POST"},
    "/organise/petitions/<slug>/words/<lang>": {"GET", "POST"},
    "/organise/petitions/<slug>/preview-markdown": {"POST"},
    "/organise/petitions/<slug>/details": {"GET", "POST"},
    "/organise/petitions/<slug>/trust": {"GET", "POST"},
    "/organise/petitions/<slug>/outcome": {"GET", "POST"},
    "/organise/petitions/<slug>/image": {"GET", "POST"},
    "/organise/petitions/<slug>/image/remove": {"POST"},
    "/organise/petitions/<slug>/image/<digest>-<width>.jpg": {"GET"},
    "/site.css": {"GET"},
    "/site/logo.<picture>": {"GET"},
    "/imprint": {"GET"},
    "/imprint/<lang>": {"GET"},
    "/privacy": {"GET"},
    "/privacy/<lang>": {"GET"},
    "/healthz": {"GET"},
    "/healthz/<token>": {"GET"},
    "/readyz": {"GET"},
    "/metrics": {"GET"},
    "/dev/mailbox": {"GET"},
    "/dev/mailbox/<number>.html": {"GET"},
    "/static/<filename>": {"GET"},
}


@pytest.fixture
def routed(tmp_path: Path) -> dict[str, set[str]]:
    """The methods of each address of the app; HEAD and OPTIONS go without saying."""
    app: Flask = without_database(make_app(tmp_path, f"sqlite:///{tmp_path}/none.db"))
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<\w+(?:\([^)]*\))?:(\w+)>", r"<\1>", rule.rule)
        found.setdefault(address, set()).update((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return found


def test_every_promised_route_exists(routed: dict[str, set[str]]) -> None:
    for address, methods in PROMISED.items():
        assert methods <= routed.get(address, set()), f"{address} is gone or has lost a method: sent links break"


def test_every_route_is_listed(routed: dict[str, set[str]]) -> None:
    assert routed == PROMISED, "add a new address here once you mean to keep it for good"
