"""Tidy addresses: what people type and programs cut out of texts leads to the one address of a page.

Only addresses that no page has are looked at. A slash, a full stop or a bracket at the end, and capital letters, are
what is left of a sentence around a link, or of a keyboard that begins words so.
"""

import re

from flask import current_app, request
from werkzeug.exceptions import HTTPException

# What stands behind a link in a text, and is taken for a part of it; `>` and quotes from e-mails and HTML.
_BEHIND = "/.,;:!?)]}>\"'»”’…"
_LISTS = {"/petitions": "/"}  # of what has no list of its own
# What is written in small letters: the beginning and a petition's name. The rest may be a token, whose letters matter.
_SMALL = re.compile(r"/(organise/)?petitions/[^/]+|/[^/]+", re.IGNORECASE)


def tidy_address() -> str | None:
    """Return the path and query that this request for no page was meant for; None if there is none."""
    if request.method not in {"GET", "HEAD"}:
        return None
    path = request.path.rstrip(_BEHIND) or "/"
    for tidy in (_LISTS.get(path.lower(), path), _SMALL.sub(lambda found: found[0].lower(), path, count=1)):
        if tidy != request.path and _is_page(tidy):
            query = request.query_string.decode("latin-1")
            return request.script_root + tidy + (f"?{query}" if query else "")
    return None


def _is_page(path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, "GET")
    except HTTPException:
        return False
    return True
