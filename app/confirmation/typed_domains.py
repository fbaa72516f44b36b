"""The domains of the addresses that many e-mails to signers were asked for, as they were typed."""

from collections.abc import Collection

from sqlalchemy import select

from app.db import db, is_one_of
from app.email.domain import domain_of
from app.models import Draft, OutboxRow, Petition, Signature
from app.models.signer import AlteredRow, opener


def typed_domains(row_ids: Collection[int]) -> dict[int, str]:
    """Return the domains (in ASCII, lower case) by the ids of these rows of the outbox, as far as addresses are there.

    Of a form's row it is the form's own domain, whatever its mailbox has signed.
    """
    domains: dict[int, str] = {}
    for table, link in (
        (Signature, OutboxRow.signature_id == Signature.id),
        (Draft, OutboxRow.draft_id == Draft.public_id),
    ):
        said = select(
            OutboxRow.id,
            table.petition_id,
            table.public_id,
            table.sealed,
            table.country,
            table.visibility,
            table.updates,
        ).join(table, link)
        rows = db.session.execute(said.where(is_one_of(OutboxRow.id, [*row_ids]), table.sealed.is_not(None))).all()
        openers = {one: opener(db.session.get_one(Petition, one)) for one in {row.petition_id for row in rows}}
        for row in rows:
            try:
                _, (_, _, _, address, *_) = openers[row.petition_id](
                    row.public_id, row.sealed, row.country, row.visibility.value, row.updates
                )
            except AlteredRow:
                continue
            domains[row.id] = domain_of(address)
    return domains
