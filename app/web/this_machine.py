"""Does a request come from this machine itself, and from nobody behind a proxy on it?"""

import ipaddress
from urllib.parse import urlsplit

from flask import Request

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def is_from_this_machine(request: Request) -> bool:
    """Tell whether a program or person at this machine asks, under one of its own names.

    Whatever a proxy forwards is not, however the proxy is reached; nor is a page of another site whose name was made to
    lead here (DNS rebinding).
    """
    return (
        is_loopback(request.remote_addr)
        and is_loopback(urlsplit(f"//{request.host}").hostname)
        and not any(name in request.headers for name in FORWARDED)
    )


def is_loopback(host: str | None) -> bool:
    """Tell whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
