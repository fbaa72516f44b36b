"""Static files are compressed, and cached for good under an address with their version."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from app.web.page_cache import PageCache

GZIP = {"Accept-Encoding": "gzip, br"}


def addresses(client: FlaskClient) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)


def cache_control(client: FlaskClient, address: str) -> str:
    """Return the Cache-Control header of a file."""
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert answer.data
        return str(answer.headers["Cache-Control"])


def test_files_with_a_version_in_their_address_are_cached_for_good(client: FlaskClient, petition: str) -> None:
    named = addresses(client)
    assert len(named) >= 3
    for address in named:
        assert cache_control(client, address) == "public, max-age=31536000, immutable"
        for other in (address.partition("?")[0], f"{address}0"):
            assert cache_control(client, other) == "no-cache"


def test_a_changed_file_gets_another_address(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    seen = set()
    for content in ("a {}", "b {}"):
        (tmp_path / "one.css").write_text(content)
        with app.test_request_context():
            seen.add(app.url_for("static", filename="one.css"))
    assert len(seen) == 2


def test_text_is_compressed_and_fonts_are_not(client: FlaskClient, petition: str) -> None:
    css = client.get("/static/css/base.css", headers=GZIP)
    assert css.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(css.data) == (config.ROOT / "static/css/base.css").read_bytes()
    assert css.headers["Vary"] == "Accept-Encoding"
    etag = css.headers["ETag"]
    with client.get("/static/css/base.css", headers={**GZIP, "If-None-Match": etag}) as again:
        assert again.status_code == 304
    with client.get("/static/fonts/brygada-1918-latin.woff2", headers=GZIP) as font:
        assert "Content-Encoding" not in font.headers
        assert "immutable" in font.headers["Cache-Control"]
    assert client.get("/static/nothing.css", headers=GZIP).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize(
    "name", ["nothing.css", "css", "css/..", "../config.py", "..%2fconfig.py", "css/../../config.py"]
)
def test_only_files_of_the_folder_are_sent(client: FlaskClient, method: str, name: str) -> None:
    answer = client.open(f"/static/{name}", method=method, headers=GZIP)
    assert answer.status_code == {"OPTIONS": 200, "POST": 405}.get(method, 404)
    assert "Content-Encoding" not in answer.headers
    assert "environment" not in answer.text


def test_no_address_is_made_of_a_file_outside_the_folder(app: Flask) -> None:
    with app.test_request_context():
        assert app.url_for("static", filename="../config.py").endswith("config.py?v=")


def test_public_pages_are_compressed_and_private_ones_are_not(app: Flask, petition: str) -> None:
    app.wsgi_app = PageCache(app)  # type: ignore[method-assign]
    client = app.test_client()
    whole = client.get(f"/petitions/{petition}")
    small = client.get(f"/petitions/{petition}", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(small.data) == whole.data
    assert len(small.data) < len(whole.data) / 3
    assert small.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"
    assert small.headers["ETag"] == f"W/{whole.headers['ETag']}"
    again = client.get(f"/petitions/{petition}", headers={**GZIP, "If-None-Match": small.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Encoding" not in client.get(f"/petitions/{petition}/my-signature", headers=GZIP).headers
    for unwanted in ("gzip;q=0, identity", "xbr", "xgzip"):
        assert client.get(f"/petitions/{petition}", headers={"Accept-Encoding": unwanted}).data == whole.data


@pytest.mark.parametrize("name", ["css/" + "a" * 5000, "css/%00.css", "css", "../wsgi.py", "css/../../wsgi.py"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_an_impossible_file_name_is_a_404(client: FlaskClient, name: str, method: str) -> None:
    assert client.open(f"/static/{name}", method=method).status_code in {200 if method == "OPTIONS" else 404, 404}
