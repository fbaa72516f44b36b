"""What the operator of a site gives it: a name, a colour, and a folder with a logo, an imprint and a privacy text.

The folder is looked into whenever a page is made, so that what is put there shows at once. Nothing in it is run.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app

from app.web.language import INTERFACE_LANGUAGES, current_locale, site_language

LOGO_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
MAX_BYTES = {"svg": 32 * 1024, "png": 32 * 1024, "md": 100 * 1024}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = ("imprint", "privacy")
UTF_8 = "utf-8-sig"  # some editors put a mark before it

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Let every template ask what the operator gives the site."""
    app.jinja_env.globals.update(
        site_name=lambda: current_app.config["SITE_NAME"],
        site_colour=lambda: current_app.config["SITE_COLOUR"],
        site_language=site_language,
        site_logo=logo_type,
        site_texts=texts,
    )


def logo_type() -> str | None:
    """Return the ending of the logo's file name, `svg` before `png`; None without a logo."""
    return next((kind for kind in LOGO_TYPES if logo(kind)), None)


def logo(kind: str) -> bytes | None:
    """Return the logo of this kind; None where there is none that could be shown."""
    return _read(f"logo.{kind}", _is_png if kind == "png" else _is_svg)


def texts() -> list[str]:
    """Return which of the operator's texts there are for readers of this page."""
    return [name for name in TEXTS if text(name, str(current_locale()))]


def text(name: str, language: str) -> tuple[str, str] | None:
    """Return a text as Markdown, and its language: `language`, or the site's where it is in no other; None if none."""
    translated = _read(f"{name}.{language}.md", _is_text) if language in INTERFACE_LANGUAGES else None
    if translated:
        return translated.decode(UTF_8), language
    usual = _read(f"{name}.md", _is_text)
    return (usual.decode(UTF_8), site_language()) if usual else None


def _is_png(data: bytes) -> bool:
    return data.startswith(PNG_SIGNATURE)


def _is_svg(data: bytes) -> bool:
    return b"<svg" in data


def _is_text(data: bytes) -> bool:
    try:
        return bool(data.decode(UTF_8).strip())
    except UnicodeDecodeError:
        return False


def _read(name: str, is_right: Callable[[bytes], bool]) -> bytes | None:
    """Return what lies in the operator's folder under `name`, kept until it changes; None if it could not be shown."""
    folder: Path | None = current_app.config["SITE_DIR"]
    if folder is None:
        return None
    path = folder / name
    try:
        now = path.stat()
    except OSError:
        return None
    return _content(path, is_right, now.st_mtime_ns, now.st_ctime_ns, now.st_size)


@lru_cache(maxsize=64)
def _content(path: Path, is_right: Callable[[bytes], bool], *_changed: int) -> bytes | None:
    """Return the file's content, read, and complained of, once for each change of it; None if it cannot be taken."""
    size = _changed[-1]
    max_bytes = MAX_BYTES[path.suffix.removeprefix(".")]
    try:
        if size > max_bytes or not path.is_file():
            log.warning("SITE_DIR: %s is not shown, as it is larger than %d bytes, or no file", path.name, max_bytes)
            return None
        with path.open("rb") as file:
            data = file.read(max_bytes)
    except OSError:
        log.warning("SITE_DIR: %s is not shown, as it cannot be read", path.name)
        return None
    if not is_right(data):
        log.warning("SITE_DIR: %s is not shown, as it is empty or something else than its name says", path.name)
        return None
    return data
