"""The site as people reach it: by BASE_URL, through whatever proxies stand in front."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from app import clock
from app.doctor import probe
from app.doctor.fetch import CERTIFICATE_DAYS, BadCertificate, NotFetched, Page, fetch
from app.doctor.finding import Finding, ok, warning, wrong
from app.doctor.set_up import SetUp

_REACHED, _PROXIES = "BASE_URL from outside", "Proxies in front"


def check_outside(site: SetUp) -> Iterable[Finding]:
    """Send the site a request by its public address, and look at what answers and what came through."""
    token = probe.make_token()
    try:
        page = fetch(f"{site.base_url}/healthz/{token}", {"X-Forwarded-For": probe.INVENTED_ADDRESS})
    except BadCertificate as error:
        yield wrong(
            _REACHED,
            f"The certificate of {site.base_url} is not accepted: {error}. People see a warning.",
            "Have the reverse proxy show a valid certificate for that name.",
        )
        return
    except NotFetched as error:
        yield wrong(
            _REACHED,
            f"{site.base_url} cannot be reached from this machine: {error}.",
            "Look whether the site and its reverse proxy run (`systemctl status countersign-web`), whether the name"
            " leads here, and whether a firewall lets people in.",
        )
        return
    seen = _read(page)
    if page.status != 200 or not probe.is_proof(seen.get("proof"), token):
        yield wrong(_REACHED, f"{site.base_url} is answered, but not by this site: {_what(page)}.", _OTHER_SITE)
        return
    yield ok(_REACHED, f"{site.base_url} is this site.")
    if page.certificate_until and page.certificate_until - clock.now() < timedelta(days=CERTIFICATE_DAYS):
        yield warning(
            "Certificate of the site",
            f"It ends on {page.certificate_until:%Y-%m-%d}, and is usually renewed before.",
            "Look why it was not renewed: the timer of certbot or whatever renews it.",
        )
    if seen.get("host") != urlsplit(site.base_url).netloc:
        yield warning(
            "Host behind the proxy",
            f"The reverse proxy passes another host on than {urlsplit(site.base_url).netloc}.",
            "Have it pass on the host that people ask for (nginx: proxy_set_header Host $host).",
        )
    yield _proxies(current_app.config["TRUSTED_PROXIES"], int(seen["added"]), kept=bool(seen["kept_invented"]))


_OTHER_SITE = (
    "Look whether BASE_URL is exactly what people type, whether the reverse proxy leads it here without redirecting,"
    " and whether all processes have the same SECRET_KEY, DATA_KEYS, database and version."
)


def _proxies(trusted: int, added: int, *, kept: bool) -> Finding:
    if added == trusted:
        if trusted == 0 and kept:
            return ok(_PROXIES, "There is none that tells visitors' addresses, and TRUSTED_PROXIES is 0.")
        return ok(_PROXIES, f"{added} tell visitors' addresses, as TRUSTED_PROXIES says.")
    if trusted == 0:
        return wrong(
            _PROXIES,
            f"{added} in front tell visitors' addresses (X-Forwarded-For), but TRUSTED_PROXIES is 0: all visitors count"
            " as one, so that a few of them use up everybody's limits.",
            f"Set TRUSTED_PROXIES={added}.",
        )
    if added < trusted:
        return wrong(
            _PROXIES,
            f"TRUSTED_PROXIES is {trusted}, but {added} tell visitors' addresses: whoever invents an address gets round"
            " all limits.",
            f"Set TRUSTED_PROXIES={added}, or have the proxy set X-Forwarded-For, as deploy/nginx.conf.example does.",
        )
    return wrong(
        _PROXIES,
        f"{added} tell visitors' addresses, but TRUSTED_PROXIES is {trusted}: all visitors count as one proxy.",
        f"Set TRUSTED_PROXIES={added}.",
    )


def _read(page: Page) -> dict[str, Any]:
    try:
        answer = json.loads(page.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _what(page: Page) -> str:
    if page.location:
        return f"it redirects to {page.location.partition('?')[0][:100]}"
    return "it shows another page" if page.status == 200 else f"status {page.status}"
