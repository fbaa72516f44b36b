"""Sign: one pending signature and one row in the outbox, in one transaction.

The statements are the same whatever the mailbox's state, and so is the answer: whether somebody signed before is
nobody else's business. What the state calls for, the worker decides with the row in hand.
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
    """Put the submission down as the mailbox's pending signature of this edition and queue the letter that answers.

    `network` is the client's (see app/web/network.py); a keyed hash of it is kept for two days. Without a proof of work
    the letter may have to wait.

    While the signature is pending, the newest submission replaces what it says and moves its expiry on; in any other
    state it changes nothing.
    """
    now = clock.now()
    petition = edition.petition
    petition_id = petition.id  # read before the transaction begins anew, which would have to ask for it again
    mailbox = canonical(submission.email)
    key = email_key(petition, mailbox)
    site_wide = tokens.keyed_hash("mailbox", without_tag(mailbox))
    signer = Signer(submission.name, submission.affiliation, submission.comment, submission.email)
    draft_id = os.urandom(16)
    said = {
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
    claim = insert(Signature).values(
        petition_id=petition_id,
        public_id=draft_id,
        email_key=key,
        state=State.PENDING,
        sealed=signer.sealed_for(draft_id),
        **said,
    )
    with transaction() as session:
        # Setting the key to what it is locks the mailbox's row, if there is one, and tells which it is.
        claim = claim.on_conflict_do_update(
            index_elements=["petition_id", "email_key"], set_={"email_key": claim.excluded.email_key}
        )
        row = session.execute(claim.returning(Signature.id, Signature.public_id)).one()
        newest = (
            update(Signature)
            .where(Signature.id == row.id, Signature.state == State.PENDING)
            .values(sealed=signer.sealed_for(row.public_id), **said)
            .execution_options(synchronize_session=False)
        )
        session.execute(newest)
        enqueue(session, Occasion.SIGNED, petition_id, row.id, now, site_wide, had_proof_of_work=had_proof_of_work)
