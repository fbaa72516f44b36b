"""The operator's branding: a name, a colour, and a folder (SITE_DIR) with a logo, an imprint and a privacy text.

The folder is read for each page, so that changes show at once. Nothing in it is executed.
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
UTF_8 = "utf-8-sig"  # some editors begin the file with a byte order mark

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Make the operator's branding available to every template."""
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
    """Return the logo with this ending; None if there is none that can be shown."""
    return _read(f"logo.{kind}", _is_png if kind == "png" else _is_svg)


def texts() -> list[str]:
    """Return the names of the operator's texts that exist in this page's language or the site's."""
    return [name for name in TEXTS if text(name, str(current_locale()))]


def text(name: str, language: str) -> tuple[str, str] | None:
    """Return a text as Markdown and its language: `language` or else the site's; None if there is no such text."""
    translated = _read(f"{name}.{language}.md", _is_text) if language in INTERFACE_LANGUAGES else None
    if translated:
        return translated.decode(UTF_8), language
    default = _read(f"{name}.md", _is_text)
    return (default.decode(UTF_8), site_language()) if default else None


def _is_png(data: bytes) -> bool:
    return data.startswith(PNG_SIGNATURE)


def _is_svg(data: bytes) -> bool:
    return b"<svg" in data


def _is_text(data: bytes) -> bool:
    try:
        return bool(data.decode(UTF_8).strip())
    except UnicodeDecodeError:
        return False


def _read(name: str, is_valid: Callable[[bytes], bool]) -> bytes | None:
    """Return the file `name` of the operator's folder, cached until it changes; None if it cannot be shown."""
    folder: Path | None = current_app.config["SITE_DIR"]
    if folder is None:
        return None
    path = folder / name
    try:
        now = path.stat()
    except OSError:
        return None
    return _content(path, is_valid, now.st_mtime_ns, now.st_ctime_ns, now.st_size)


@lru_cache(maxsize=64)
def _content(path: Path, is_valid: Callable[[bytes], bool], *_changed: int) -> bytes | None:
    """Return the file's content, or None with a warning in the log; once for each change of the file (`lru_cache`)."""
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
    if not is_valid(data):
        log.warning("SITE_DIR: %s is not shown, as it is empty or something else than its name says", path.name)
        return None
    return data
