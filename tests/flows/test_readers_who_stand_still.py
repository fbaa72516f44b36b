"""Twenty downloads whose readers take nothing: the site goes on serving everybody else."""

import re
import socket
import struct
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app import clock
from app.db import db, transaction
from app.export.download_slots import MAX_DOWNLOADS_PER_PROCESS
from app.models import Petition, PetitionText, PrivacyNotice, Role, Signature, State, Visibility
from app.models.signer import Signer
from tests.conftest import SECRETS
from tests.factories import SLUG
from tests.organisers.people import signed_in
from tests.site import Site, wait_until

pytestmark = pytest.mark.slow

ROWS = 4000  # of 4,000 letters: more than the buffers on the way hold
LIST = f"/organise/petitions/{SLUG}/signatures.csv"


def add_talkative_people(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        petition_id = session.scalars(select(Petition.id)).one()
        about = {
            "petition_id": petition_id,
            "text_id": session.scalars(select(PetitionText.id)).one(),
            "notice_id": session.scalars(select(PrivacyNotice.id)).one(),
            "language": "en",
            "country": "SE",
            "state": State.VERIFIED,
            "visibility": Visibility.PUBLIC,
            "signed_at": clock.now(),
            "verified_at": clock.now(),
        }
        ids = [number.to_bytes(16, "big") for number in range(ROWS)]
        petition = session.scalars(select(Petition.public_id)).one()
        signer = Signer(
            "Ann Example", "Reader", "I read. " * 500, "ann@example.org", "SE", Visibility.PUBLIC, updates=False
        )
        people = [
            about | {"public_id": one, "email_key": one * 2, "sealed": signer.sealed_for(one, petition)} for one in ids
        ]
        session.execute(insert(Signature), people)


def cookie_of(app: Flask, email: str) -> str:
    client = signed_in(app, email, Role.EDITOR)
    cookie = client.get_cookie("organiser")
    assert cookie
    return f"organiser={cookie.value}"


def begin(site: Site, cookie: str) -> tuple[int, socket.socket]:
    """Ask for the list, read its status and then nothing more."""
    reader = socket.create_connection(("127.0.0.1", site.port), timeout=30)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.sendall(f"GET {LIST} HTTP/1.1\r\nHost: localhost:{site.port}\r\nCookie: {cookie}\r\n\r\n".encode())
    found = re.match(rb"HTTP/1.1 (\d+) ", reader.recv(64))
    assert found
    return int(found[1]), reader


def test_stalled_downloads_leave_the_site_its_threads(
    app: Flask, petition: str, database_url: str, tmp_path: Path
) -> None:
    add_talkative_people(app)
    cookies = [cookie_of(app, f"editor{number}@example.org") for number in range(4)]
    site = Site(tmp_path, {**SECRETS, "DATABASE_URL": database_url})
    site.start()
    readers = []
    try:
        readers += [begin(site, cookie) for cookie in cookies for _ in range(5)]
        statuses = [status for status, _ in readers]
        assert statuses.count(200) == MAX_DOWNLOADS_PER_PROCESS
        assert set(statuses) == {200, 429, 503}
        assert site.ask("GET", f"/petitions/{SLUG}/count.json")[0] == 200
        assert site.ask("GET", f"/petitions/{SLUG}")[0] == 200
        for _, reader in readers:  # all go away, some of them rudely
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reader.close()

        def is_free() -> bool:
            status, reader = begin(site, cookies[0])
            reader.close()
            return status == 200

        wait_until(is_free)
    finally:
        for _, reader in readers:
            reader.close()
        site.kill_everything()
    with app.app_context():
        db.session.rollback()
