"""The petition page through the shipped nginx, which keeps public pages for a second, against the app alone."""

from collections.abc import Iterator

from bench import load
from bench.cluster import start_proxy
from bench.figure import Figure, in_turns, middle, ratios
from bench.page import CONNECTIONS, PATH, SECONDS
from bench.proxy import NAME
from bench.stage import Stage

LINKS = 20_000


def run(stage: Stage) -> Iterator[Figure]:
    """Measure the page by links with parameters of their own, without TLS; Missing where there is no nginx."""
    site = stage.serve_site(stage.database("proxied"), TRUSTED_PROXIES="1")
    proxy = start_proxy(stage, [site], stage.folder / "through-proxy", tls=False)
    links = [load.get(f"{PATH}?fbclid={one}", Host=NAME, Accept_Encoding="gzip") for one in range(LINKS)]

    def rate(port: int) -> float:
        return load.rate(port, links, 200, CONNECTIONS, SECONDS, again=True)

    rate(proxy.port)
    pairs = in_turns(lambda: rate(proxy.port), lambda: rate(site))
    detail = f"{middle(pairs, 0)}/s of {middle(pairs, 1)}/s; nothing wanted"
    yield Figure("proxy: links of their own / the app alone", ratios(pairs), "x", detail=detail)
