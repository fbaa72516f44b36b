"""Sign: one pending signature and one row in the outbox, in one transaction.

The statements and the answer are the same whatever the mailbox's state, so that nobody learns who has signed. The
worker later decides by that state which letter to send.
"""

import os

from sqlalchemy import update

from app import clock
from app.crypto import tokens
from app.db import insert, transaction
from app.email.address import canonical, without_tag
from app.models import Occasion, Signature, State
from app.models.signer import Signer
from app.outbox.enqueue import enqueue
from app.petitions.page import Edition
from app.signing.email_key import email_key
from app.signing.forms import Submission
from app.signing.traces import domain_key, network_key


def sign(edition: Edition, submission: Submission, network: str, *, had_proof_of_work: bool) -> None:
    """Save the submission as the mailbox's pending signature of this edition, and queue the letter.

    `network` is the client's (see app/web/network.py); a keyed hash of it is kept for two days. Without a proof of work
    the letter may have to wait. While a signature is pending, a newer submission replaces its answers and renews its
    expiry; in any other state nothing changes.
    """
    now = clock.now()
    petition = edition.petition
    petition_id = petition.id  # read now: the transaction below would load it again
    mailbox = canonical(submission.email)
    key = email_key(petition, mailbox)
    site_wide = tokens.keyed_hash("mailbox", without_tag(mailbox))
    signer = Signer(submission.name, submission.affiliation, submission.comment, submission.email)
    draft_id = os.urandom(16)
    columns = {
        "text_id": edition.text.id,
        "notice_id": edition.notice.id,
        "language": edition.language,
        "country": submission.country,
        "visibility": submission.visibility,
        "updates": submission.updates,
        "signed_at": now,
        "expires_at": None,
        "network_key": network_key(petition, network, now),
        "domain_key": domain_key(petition, submission.email),
    }
    new = insert(Signature).values(
        petition_id=petition_id,
        public_id=draft_id,
        email_key=key,
        state=State.PENDING,
        sealed=signer.sealed_for(draft_id),
        **columns,
    )
    with transaction() as session:
        # An upsert that changes nothing: it locks the mailbox's row if there is one, and returns its id.
        upsert = new.on_conflict_do_update(
            index_elements=["petition_id", "email_key"], set_={"email_key": new.excluded.email_key}
        )
        row = session.execute(upsert.returning(Signature.id, Signature.public_id)).one()
        replace = (
            update(Signature)
            .where(Signature.id == row.id, Signature.state == State.PENDING)
            .values(sealed=signer.sealed_for(row.public_id), **columns)
            .execution_options(synchronize_session=False)
        )
        session.execute(replace)
        enqueue(session, Occasion.SIGNED, petition_id, row.id, now, site_wide, had_proof_of_work=had_proof_of_work)
