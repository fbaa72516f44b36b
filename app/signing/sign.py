"""Sign: one draft, one row in the outbox and its proof of work, in one statement, whatever the mailbox's state.

Nothing of a mailbox is looked up, locked or overwritten, so that nobody learns who has signed and nobody changes what
another form said. The worker later decides, with the draft in hand, which letter to send.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app import clock
from app.email.address import canonical
from app.models import Draft, FormCopy, Occasion, OutboxRow, Petition
from app.models.signer import Signer
from app.new_rows import NewRow, insert_rows, insert_rows_once, rows_alone
from app.outbox.enqueue import letter_row
from app.outbox.mailbox_limit import counted_mailbox
from app.petitions.page import Edition
from app.signing.email_key import email_key
from app.signing.forms import Submission
from app.signing.traces import domain_key, network_key

CORRECTABLE_FOR = timedelta(hours=1)


class FormIds(NamedTuple):
    """What leads from the page of whoever sent a form to its draft and its copy: an id and a secret, 16 bytes each."""

    draft: bytes
    secret: bytes

    @classmethod
    def new(cls) -> "FormIds":
        """Return two new ones."""
        return cls(os.urandom(16), os.urandom(16))

    def of_copy(self) -> tuple[bytes, bytes]:
        """Return the id and the key of the copy (16 and 32 bytes), which nobody has without the secret (RFC 5869)."""
        derived = HKDF(hashes.SHA256(), 16 + 32, salt=None, info=b"countersign.form-copy").derive(self.secret)
        return derived[:16], derived[16:]


def sign(
    edition: Edition, submission: Submission, networks: Sequence[str], proof_of_work: NewRow | None
) -> FormIds | None:
    """Save the submission as a draft of this edition and queue its letter; return its ids for the reference.

    `networks` are the client's, the smallest first (see app/web/network.py); a keyed hash of that is kept for two days.
    Without a proof of work the letter may have to wait, in the turn of the greatest. With one that was used before, it
    saves nothing and returns None.
    """
    petition = edition.petition
    values = {
        "text_id": edition.text.id,
        "notice_id": edition.notice.id,
        "language": edition.language,
        "network_key": network_key(petition, networks[0] if networks else "", clock.now()),
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
    ids, rows = new_draft(petition, signer, values, networks, had_proof_of_work=proof_of_work is not None)
    with rows_alone() as session:
        if proof_of_work is None:
            insert_rows(session, rows)
        elif not insert_rows_once(session, proof_of_work, rows):
            return None
    return ids


def new_draft(
    petition: Petition,
    signer: Signer,
    values: dict[str, object],
    networks: Sequence[str],
    *,
    had_proof_of_work: bool,
) -> tuple[FormIds, list[NewRow]]:
    """Return the ids of a new draft of this signer and of its copy, and the rows of both and of its letter.

    `values` are the other columns. They are made before the transaction, whose beginning would have the petition read
    again.
    """
    now = clock.now()
    ids = FormIds.new()
    public_id, (copy_id, copy_key) = ids.draft, ids.of_copy()
    mailbox = canonical(signer.email)
    draft = {
        "public_id": public_id,
        "petition_id": petition.id,
        "email_key": email_key(petition, mailbox),
        "sealed": signer.sealed_for(public_id, petition.public_id),
        "country": signer.country,
        "visibility": signer.visibility,
        "updates": signer.updates,
        "signed_at": now,
        "domain_key": domain_key(petition, signer.email),
        **values,
    }
    copy = {
        "public_id": copy_id,
        "petition_id": petition.id,
        "sealed": replace(signer, email="").sealed_copy(copy_id, copy_key),
        "until": now + CORRECTABLE_FOR,
        **values,
    }
    letter = letter_row(
        Occasion.SIGNED,
        now,
        petition.id,
        draft_id=public_id,
        mailbox=counted_mailbox(signer.email),
        had_proof_of_work=had_proof_of_work,
        lane_key=network_key(petition, networks[-1] if networks else "", now),
    )
    letter["public_id"] = public_id  # by which the form's page tells that it came back, though the draft may be gone
    return ids, [NewRow(Draft, draft), NewRow(FormCopy, copy), NewRow(OutboxRow, letter)]
