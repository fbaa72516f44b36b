"""Clocks: two nodes three seconds apart, and all set back by an hour: tokens, leases and limits behave."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle

from app import clock
from app.signing.email_reference import make_reference
from app.signing.sign import FormIds
from app.web.rate_limits import MAX_FORMS, WINDOW_MINUTES
from bench.stage import SLUG
from faults.row import Row
from faults.site import LEASE_SECONDS, Site, site_on
from faults.stage import POSTGRESQL, Stage
from faults.verdict import Verdict, judge
from faults.waiting import wait_until

CLIENTS = 8
APART_SECONDS = 3
BACK_SECONDS = 3600
SECONDS, SECONDS_IN_SHORT = 15, 2
FIRST_CLIENT = 1 << 22  # whose addresses in the network nobody of the crowd has


def run(stage: Stage) -> Iterator[Row]:
    """Shift the clocks while people sign and confirm."""
    site, seconds = site_on(stage, POSTGRESQL), SECONDS_IN_SHORT if stage.is_short else SECONDS
    with site.crowd.busy(CLIENTS):
        for process in (site.web[1], site.workers[1]):
            process.switches.set(clock_shift=APART_SECONDS)
        time.sleep(seconds)
    found = _limit_holds(site, FIRST_CLIENT)
    yield Row("clocks 3 s apart", POSTGRESQL, "limits, e-mails and links as ever", judge(site, faults=found))

    try:
        with site.crowd.busy(CLIENTS):
            site.workers[0].kill()  # with e-mails leased until a moment that is an hour away now
            site.switch(clock_shift=-BACK_SECONDS)
            taken = len(site.sink.taken)
            wait_until(lambda: len(site.sink.taken) > taken, "no e-mail after the clock went back", LEASE_SECONDS * 3)
            time.sleep(seconds)
            site.workers[0].start()
        known = _is_limited(site, FIRST_CLIENT) if _stayed_on_the_day() else []
        found = [*known, *_limit_holds(site, FIRST_CLIENT + 1)]
        verdict: Verdict = judge(site, faults=found)
    finally:
        site.switch()
    yield Row("clock back an hour", POSTGRESQL, "limits, leases and links as ever", verdict)


def _limit_holds(site: Site, client: int) -> list[str]:
    """Type wrong codes from one client until it may no more; return what is wrong about that."""
    allowed = 0
    # Without Redis each process counts for itself.
    most = MAX_FORMS if site.redis else MAX_FORMS * len(site.web)
    for port in cycle([web.port for web in site.web]):
        status, retry_after = _type_code(site, client, port)
        if status == 429:
            break
        allowed += 1
        if allowed > most or status != 422:
            return [f"limit: {status} to code {allowed}"]
    if allowed < MAX_FORMS:
        return [f"limit: {allowed} codes instead of {MAX_FORMS}"]
    return [] if _is_sensible(retry_after) else [f"limit: wait {retry_after} s"]


def _stayed_on_the_day() -> bool:
    """Tell whether the clock was not set back over midnight: clients have other keys each day, and new limits."""
    now = clock.now()
    return (now - timedelta(seconds=BACK_SECONDS)).date() == now.date()


def _is_limited(site: Site, client: int) -> list[str]:
    """Return what is wrong unless this client, which has used up its limit, still has to wait, and not for long."""
    answers = [_type_code(site, client, web.port) for web in site.web]
    return [
        f"limit after the clock went back: {answer}"
        for answer in answers
        if answer[0] != 429 or not _is_sensible(answer[1])
    ]


def _type_code(site: Site, client: int, port: int) -> tuple[int, str | None]:
    with site.app.app_context():
        reference = make_reference(SLUG, "en", f"nobody.{client}@example.org", FormIds.new())
    path = f"/petitions/{SLUG}/check-your-email/{reference}"
    return site.crowd.post_to(port, path, {"code": "ABC-DEF-GHJ"}, client)


def _is_sensible(retry_after: str | None) -> bool:
    return retry_after is None or 0 < int(retry_after) <= WINDOW_MINUTES * 60
