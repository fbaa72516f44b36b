"""Sign: one draft and one row in the outbox, in one statement, whatever the mailbox's state.

Nothing is looked up, locked or overwritten, so that nobody learns who has signed and nobody changes what another form
said. The worker later decides, with the draft in hand, which letter to send.
"""

import os

from sqlalchemy import Insert

from app import clock
from app.crypto import tokens
from app.db import db, insert, transaction
from app.email.address import canonical, without_tag
from app.models import Draft, Occasion, Petition
from app.models.signer import Signer
from app.outbox.enqueue import new_letter
from app.petitions.page import Edition
from app.signing.email_key import email_key
from app.signing.forms import Submission
from app.signing.traces import domain_key, network_key


def sign(edition: Edition, submission: Submission, network: str, *, had_proof_of_work: bool) -> bytes:
    """Save the submission as a draft of this edition and queue its letter; return the draft's random id.

    `network` is the client's (see app/web/network.py); a keyed hash of it is kept for two days. Without a proof of work
    the letter may have to wait.
    """
    petition = edition.petition
    values = {
        "text_id": edition.text.id,
        "notice_id": edition.notice.id,
        "language": edition.language,
        "network_key": network_key(petition, network, clock.now()),
    }
    signer = Signer(
        submission.name,
        submission.affiliation,
        submission.comment,
        submission.email,
        submission.country,
        submission.visibility,
        submission.updates,
    )
    public_id, statements = new_draft(petition, signer, values, had_proof_of_work=had_proof_of_work)
    with transaction() as session:
        for statement in statements:
            session.execute(statement)
    return public_id


def new_draft(
    petition: Petition, signer: Signer, values: dict[str, object], *, had_proof_of_work: bool
) -> tuple[bytes, list[Insert]]:
    """Return the random id of a new draft of this signer, and the statements that insert it and queue its letter.

    `values` are the draft's other columns. On PostgreSQL it is one statement; SQLite cannot insert into two tables at
    once. They are made before the transaction, whose beginning would have the petition read again.
    """
    now = clock.now()
    public_id = os.urandom(16)
    mailbox = canonical(signer.email)
    draft = insert(Draft).values(
        public_id=public_id,
        petition_id=petition.id,
        email_key=email_key(petition, mailbox),
        sealed=signer.sealed_for(public_id, petition.public_id),
        country=signer.country,
        visibility=signer.visibility,
        updates=signer.updates,
        signed_at=now,
        domain_key=domain_key(petition, signer.email),
        **values,
    )
    letter = new_letter(
        Occasion.SIGNED,
        now,
        petition.id,
        draft_id=public_id,
        mailbox=tokens.keyed_hash("mailbox", without_tag(mailbox)),
        had_proof_of_work=had_proof_of_work,
    )
    if db.engine.dialect.name == "postgresql":
        return public_id, [letter.add_cte(draft.cte("new_draft"))]
    return public_id, [draft, letter]
