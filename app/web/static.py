"""Static files: gzip, and versioned addresses that browsers may cache for good.

Not WhiteNoise: docs/dependencies.md says why.
"""

import gzip
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

from app.web import headers

# Images and fonts are compressed already.
COMPRESSIBLE = ("text/", "application/json", "application/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Add versions to the addresses of static files, and send them by these rules."""
    app.url_defaults(_add_version)
    app.after_request(_set_headers)


def gzip_body(body: bytes, mimetype: str) -> bytes | None:
    """Return `body` in gzip (RFC 1952); None for a type that is compressed already."""
    return gzip.compress(body, 6, mtime=0) if mimetype.startswith(COMPRESSIBLE) else None


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and values.get("filename"):
        values.setdefault("v", _version(*_stat(values["filename"])))


def _set_headers(response: Response) -> Response:
    if request.endpoint != "static" or request.method not in {"GET", "HEAD"} or response.status_code not in {200, 304}:
        return response  # to OPTIONS, Flask answers 200 whether there is a file or not
    path, changed = _stat((request.view_args or {})["filename"])
    # A style sheet cannot name a font's version: a changed font gets another file name.
    is_versioned = request.args.get("v") == _version(path, changed) or path.suffix == ".woff2"
    if is_versioned:
        headers.immutable(response)
    else:
        response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Encoding")
    gzipped = _gzipped(path, changed, response.mimetype) if request.accept_encodings.quality("gzip") else None
    if gzipped is not None and response.status_code == 200 and "Range" not in request.headers:
        response.close()  # the file that would have been sent
        response.direct_passthrough = False
        response.set_data(gzipped)
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


def _stat(filename: str) -> tuple[Path, int]:
    """Return a file's path, and when it was last changed: zero for one that does not exist in the folder."""
    folder = str(current_app.static_folder)
    path = Path(safe_join(folder, filename) or folder)
    try:
        return path, path.stat().st_mtime_ns if path.is_file() else 0
    except (OSError, ValueError):  # an impossible file name
        return path, 0


@lru_cache(maxsize=200)
def _version(path: Path, changed: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:8] if changed else ""


@lru_cache(maxsize=200)
def _gzipped(path: Path, changed: int, mimetype: str) -> bytes | None:
    return gzip_body(path.read_bytes(), mimetype)
