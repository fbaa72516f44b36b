"""Shared by the export tests: signatures of every kind, and a heading."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select, update

from app.db import db, transaction
from app.export import list_stream
from app.export.handover import begin_handover
from app.export.rows import COLUMNS, Choice, ExportRow, Heading, read_rows
from app.export.sent_rows import SentRows
from app.models import Format, Petition, Signature, State, Visibility
from app.models.signer import Signer
from app.petitions.page import find_edition
from tests.factories import SLUG, make_signature

NOON = datetime(2026, 11, 23, 12, 0, 0, 987_654, UTC)
HEADING = Heading(
    slug=SLUG,
    title="Save the test library",
    language="en",
    exported_at=NOON,
    labels={column: column.title() for column in (*COLUMNS, "state", "email", "sheet", "cut_off")},
    countries={"SE": "Sweden"},
)


def add(
    app: Flask,
    name: str = "Ann Example",
    affiliation: str = "Reader",
    comment: str = "I read.",
    email: str = "ann@example.org",
    *,
    state: State = State.VERIFIED,
    visibility: Visibility = Visibility.PUBLIC,
    country: str = "SE",
    updates: bool = False,
    at: datetime = NOON,
    **columns: object,
) -> bytes:
    """Insert a signature; return its public id."""
    public_id = make_signature(app, SLUG, state, email, visibility=visibility)
    values: dict[str, object] = {"country": country, "updates": updates, "verified_at": at, **columns}
    if state != State.WITHDRAWN:
        with app.app_context():
            petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
            signer = Signer(name, affiliation, comment, email, country, visibility, updates)
            values["sealed"] = signer.sealed_for(public_id, petition.public_id)
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).where(Signature.public_id == public_id).values(**values))
    return public_id


def row(number: int = 1, **fields: object) -> ExportRow:
    """Return an example row, with other `fields`."""
    usual = ExportRow(
        number, "Ann Example", "Reader", "SE", "I read.", "en", 1, NOON + timedelta(seconds=number), "public",
        "verified", "",
    )  # fmt: skip
    return usual._replace(**fields)


def rows_of(app: Flask, choice: Choice | None = None) -> list[ExportRow]:
    """Return the petition's rows of `choice`."""
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        return list(read_rows(edition.petition.id, choice or Choice(), SentRows().add))


def names_of(app: Flask, choice: Choice) -> list[str]:
    return [row.name for row in rows_of(app, choice)]


def made(app: Flask, kind: str, choice: Choice | None = None) -> bytes:
    """Return a whole export of the petition."""
    with app.app_context():
        edition = find_edition(SLUG)
        assert edition
        begun = begin_handover(edition.petition, None, Format(kind), choice or Choice(), "Registry of Testville")
        return b"".join(list_stream.stream_list(edition, begun))


def parsed(pieces: Iterable[bytes]) -> list[list[str]]:
    """Return the cells of a CSV file, its line of column names included."""
    return list(csv.reader(io.StringIO(b"".join(pieces).decode(), newline=""), strict=True))
