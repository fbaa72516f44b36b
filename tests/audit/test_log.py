"""The audit log is append-only: the database refuses changes, deletions and replacements."""

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.audit.log import record
from app.db import db, transaction
from app.models import Act, AuditEntry

pytestmark = pytest.mark.both_databases

ROW = "(id, at, act, details) VALUES (1, '2026-01-01 00:00:00', 'closed', '{}')"
EVERYWHERE = (
    "UPDATE audit_entry SET act = 'closed'",
    "DELETE FROM audit_entry",
    f"INSERT INTO audit_entry {ROW}",
    f"INSERT INTO audit_entry {ROW} ON CONFLICT (id) DO UPDATE SET act = 'closed'",
)
OF_ONE = {
    "sqlite": (f"INSERT OR REPLACE INTO audit_entry {ROW}", f"REPLACE INTO audit_entry {ROW}"),
    "postgresql": ("TRUNCATE audit_entry",),
}


def test_entries_cannot_be_changed_deleted_or_replaced(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            with transaction() as session:
                record(session, Act.CREATED, None, None)
        before = [(one.id, one.act) for one in db.session.scalars(select(AuditEntry))]
        assert before[0] == (1, Act.CREATED)
        for attempt in EVERYWHERE + OF_ONE[db.engine.dialect.name]:
            with pytest.raises(DBAPIError), transaction() as session:
                session.execute(text(attempt))
            assert [(one.id, one.act) for one in db.session.scalars(select(AuditEntry))] == before, attempt
