"""Letters for many: the letters that ask to confirm drafts, as copies of one mail merge for each petition and language.

They are those of app/confirmation/letter.py, for drafts that nothing else is to be looked up for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import Row, Select, delete, exists, select, update
from sqlalchemy.orm import Session

from app.changed_rows import change_rows
from app.confirmation.letter import render_letter
from app.crypto.tokens import Purpose, make_token
from app.email import smtp
from app.email.mail_merge import MailMerge, is_plain_address, placeholder
from app.email.pipelining import ReadyMessage
from app.email.render import unsubscribe_headers
from app.models import Declined, Draft, Petition, PetitionText, Signature
from app.models.signer import AlteredRow, opener
from app.outbox import unwanted
from app.signing import code
from app.signing.expiry import LINK_WORKS_FOR, link_works_until

CONFIRM, NOT_ME, STOP, CODE = "confirm", "not_me", "stop", "code"
_Draft = Row[Any]


def write_many(session: Session, rows: Mapping[bytes, bytes], now: datetime) -> dict[bytes, ReadyMessage]:
    """Return by their ids the copies for those of many drafts that are to be asked to confirm, and draw their codes.

    `rows` has the public ids of their outbox rows, whose mailboxes are locked. Left out is a draft whose mailbox has
    signed, declined or unsubscribed, and one that does not open: what becomes of it is decided for it alone.
    """
    drafts = session.execute(_unanswered(rows)).all()
    addresses = _addresses(session, drafts)
    mailbox_of = unwanted.mailbox_finder(session)
    mailboxes = {public_id: mailbox_of(address) for public_id, address in addresses.items()}
    refused = unwanted.unwanted_among(session, set(mailboxes.values()))
    merges: dict[tuple[int, int, str], MailMerge] = {}
    copies: dict[bytes, ReadyMessage] = {}
    codes: dict[bytes, bytes] = {}
    for draft in drafts:
        public_id = draft.public_id
        if public_id not in addresses or mailboxes[public_id] in refused:
            continue
        about = (draft.petition_id, draft.text_id, draft.language)
        merge = merges[about] = merges.get(about) or _merge(session, *about, now)
        drawn = code.draw_code(public_id, draft.email_key)
        own = {
            CONFIRM: make_token(Purpose.CONFIRM, public_id),
            NOT_ME: make_token(Purpose.NOT_ME, public_id),
            STOP: make_token(Purpose.UNSUBSCRIBE, mailboxes[public_id]),
            CODE: drawn.shown,
        }
        copies[public_id] = merge.copy(rows[public_id], addresses[public_id], own)
        codes[public_id] = drawn.code_hash
    change_rows(session, Draft, {"public_id": [*codes]}, {"code_hash": [*codes.values()]})
    return copies


def sent_many(session: Session, sent_at: Mapping[bytes, datetime]) -> None:
    """Let the seven days of many drafts begin when their letters were sent, in the transaction that records it.

    That moment, and not that of the record, tells whether somebody confirmed too soon to have read the letter.
    """
    is_open = Draft.public_id.in_(sent_at) & Draft.sealed.is_not(None)
    locked = select(Draft.public_id).where(is_open).order_by(Draft.public_id).with_for_update()
    public_ids = session.scalars(locked).all()
    expires_at = [sent_at[public_id] + LINK_WORKS_FOR for public_id in public_ids]
    change_rows(session, Draft, {"public_id": public_ids}, {"expires_at": expires_at})


def take_back_many(session: Session, public_ids: Sequence[bytes]) -> None:
    """Make many drafts as they were before their letters were written, which were not handed over.

    Those that were sent on to another address meanwhile (see app/signing/readdress.py) are deleted, as they would have
    been before. Of drafts whose letters have not left, only they are marked as reminded.
    """
    those = Draft.public_id.in_(public_ids) & Draft.expires_at.is_(None)
    for statement in (delete(Draft).where(those, Draft.reminded), update(Draft).where(those).values(code_hash=None)):
        session.execute(statement.execution_options(synchronize_session=False))


def _unanswered(public_ids: Mapping[bytes, bytes]) -> Select[*tuple[Any, ...]]:
    """Select and lock those of many drafts that are open, and whose mailboxes have neither signed nor declined."""
    has_signed = exists().where(Signature.petition_id == Draft.petition_id, Signature.email_key == Draft.email_key)
    has_declined = exists().where(Declined.email_key == Draft.email_key)
    said = (Draft.sealed, Draft.country, Draft.visibility, Draft.updates)
    return (
        select(Draft.public_id, Draft.petition_id, Draft.text_id, Draft.language, Draft.email_key, *said)
        .where(Draft.public_id.in_(public_ids), Draft.sealed.is_not(None), ~has_signed, ~has_declined)
        .order_by(Draft.public_id)
        .with_for_update()
    )


def _addresses(session: Session, drafts: Sequence[_Draft]) -> dict[bytes, str]:
    """Return the plain addresses sealed in these drafts, by their ids."""
    petition_ids = {draft.petition_id for draft in drafts}
    openers = {one: opener(session.get_one(Petition, one)) for one in petition_ids}
    found = {}
    for draft in drafts:
        said = (draft.country, draft.visibility.value, draft.updates)
        try:
            _, (_, _, _, address, *_) = openers[draft.petition_id](draft.public_id, draft.sealed, *said)
        except AlteredRow:
            continue
        if is_plain_address(address):
            found[draft.public_id] = address
    return found


def _merge(session: Session, petition_id: int, text_id: int, language: str, now: datetime) -> MailMerge:
    """Return the letter that asks to confirm, laid out for all who signed this text in this language."""
    petition = session.get_one(Petition, petition_id)
    unsubscribe = url_for("refusing.ask_to_stop", token=placeholder(STOP))
    rendered = render_letter(
        "confirm",
        petition,
        session.get_one(PetitionText, text_id),
        language,
        had_stopped=False,
        no_more_link=unsubscribe,
        link=url_for("confirmation.ask", token=placeholder(CONFIRM)),
        not_me_link=url_for("refusing.ask_who", token=placeholder(NOT_ME)),
        code=placeholder(CODE),
        until=link_works_until(petition, now),
    )
    sender = smtp.sender(is_discreet=petition.discreet)
    headers = unsubscribe_headers(unsubscribe)
    return MailMerge(rendered, (CONFIRM, NOT_ME, STOP, CODE), sender=sender, headers=headers)
