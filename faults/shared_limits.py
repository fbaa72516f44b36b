"""Shared limits: Redis is killed, hangs, and is back: people notice nothing, and the limits are shared again."""

import time
from collections.abc import Iterator

from app.web.rate_limits import REDIS_RETRY_SECONDS
from faults.row import Row
from faults.site import Site, site_on
from faults.stage import POSTGRESQL, Stage
from faults.verdict import judge
from faults.waiting import wait_until

CLIENTS = 8
SECONDS, SECONDS_IN_SHORT = 10, 1


def run(stage: Stage) -> Iterator[Row]:
    """Take Redis away while people sign and confirm, and give it back."""
    site, seconds = site_on(stage, POSTGRESQL), SECONDS_IN_SHORT if stage.is_short else SECONDS
    if site.redis is None:
        found = ["NOT TRIED: there is no Redis here; `make servers` gets it on Debian"]
        yield Row("Redis", POSTGRESQL, "", judge(site, faults=found))
        return
    refused = site.crowd.statuses[503]
    with site.crowd.busy(CLIENTS):
        site.redis.hang()
        time.sleep(seconds)
        site.redis.go_on()
        site.redis.kill()
        time.sleep(seconds)
        site.redis.start()
        wait_until(lambda: _counts_again(site), "limits are not counted in Redis again", REDIS_RETRY_SECONDS * 3)
    faults = ["503 because of Redis"] if site.crowd.statuses[503] > refused else []
    yield Row("Redis hangs, dies, returns", POSTGRESQL, "counted in memory meanwhile", judge(site, faults=faults))


def _counts_again(site: Site) -> bool:
    return site.redis is not None and site.redis.number_of_keys() > 0
