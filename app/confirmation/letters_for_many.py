"""Letters for many: which letter each of many forms gets, and that letter as a copy of one mail merge.

They are those of app/confirmation/letter.py, decided and written for all at once: so one that asks to confirm, one that
says that the mailbox has signed already, and none at all, take equally long.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, select, update
from sqlalchemy.orm import Session

from app.changed_rows import change_rows
from app.confirmation.letter import folder_about_signature
from app.confirmation.merged_letters import About, MergedLetters, Recipient
from app.db import is_one_of
from app.email.pipelining import is_plain_address
from app.models import Declined, Draft, Occasion, OutboxRow, Petition, Signature
from app.models.signer import AlteredRow, opener
from app.outbox import bounced, mailbox_limit, unwanted
from app.outbox.callbacks import FormRow, LetterOfForm
from app.signing import code
from app.signing.expiry import LINK_WORKS_FOR

_SHOWN = ("petition_id", "text_id", "notice_id", "language")
_SAID = ("public_id", *_SHOWN, "email_key", "sealed", "country", "visibility", "updates")
_Form = tuple[int, int, int, str]  # what it showed


class _Answer(NamedTuple):
    """The letter that a form asks for, if nothing speaks against it: what it is about, and its mailbox."""

    about: About
    email_key: bytes
    signature_id: int | None
    generation: int
    address: str
    mailbox: bytes
    bounces_as: bytes
    spellings: list[bytes]


def write_many(session: Session, rows: Sequence[FormRow], now: datetime) -> dict[int, LetterOfForm]:
    """Return for many forms, by the ids of their outbox rows, the letter that each gets, and draw their codes.

    The rows are locked, and in order of departure: the first to a mailbox have the day's letters. Left out is a form
    whose address no copy can go to, or that does not open: it is decided alone.
    """
    answers, forms = _answers(session, rows)
    due = [answer for answer in answers.values() if answer]
    mailboxes = {row.mailbox for row in rows} | {key for answer in due for key in answer.spellings}
    letters = mailbox_limit.DaysLetters(session, mailboxes, now)
    open_drafts = set(session.scalars(_locked_open(_draft_ids(rows))))
    stopped = unwanted.unwanted_among(session, {answer.mailbox for answer in due})
    came_back = bounced.bounced_among(session, {answer.bounces_as for answer in due})
    merged = MergedLetters(session, now)
    for form in forms:
        merged.prepare(*form)
    chosen: dict[int, LetterOfForm] = {}
    code_hashes: dict[bytes, bytes] = {}
    unsent = []
    for row in rows:
        if row.id not in answers:
            continue
        answer = answers[row.id]
        since = stopped.get(answer.mailbox) if answer else None
        turn_at = row.turn_at or (now if letters.leave_turn(row) else None)
        mailbox = came_back.get(answer.bounces_as) if answer else None
        if mailbox is not None:
            unsent.append((row.public_id, row.petition_id, mailbox))
        is_open = row.draft_id in open_drafts and mailbox is None
        if answer is None or not is_open or not _may_go(row, answer, letters, since):
            chosen[row.id] = LetterOfForm(None, row.signature_id, turn_at)
            letters.add(row, now, turn_at, is_silent=True)
            continue
        letters.add(row, now, turn_at, is_silent=False)
        to = Recipient(row.public_id, answer.address, answer.mailbox, since is not None)
        if answer.signature_id is None:
            drawn = code.draw_code(answer.about.public_id, answer.email_key)
            code_hashes[answer.about.public_id] = drawn.code_hash
            copy = merged.confirm(answer.about, to, drawn)
        else:
            copy = merged.already_signed(answer.about, to, answer.generation)
        chosen[row.id] = LetterOfForm(copy, answer.signature_id, turn_at)
    bounced.record_unsent(session, unsent, now)
    change_rows(session, Draft, {"public_id": [*code_hashes]}, {"code_hash": [*code_hashes.values()]})
    return chosen


def ended_many(session: Session, sent_at: Mapping[bytes, datetime], answered: Sequence[bytes]) -> None:
    """Let the seven days of many drafts begin when their letters were sent, in the transaction that records it.

    That moment, and not that of the record, tells whether somebody confirmed too soon to have read the letter. The
    `answered` drafts are deleted: no letter, or one about a signature, was all that was due.
    """
    is_open = is_one_of(Draft.public_id, [*sent_at, *answered]) & Draft.sealed.is_not(None)
    locked = select(Draft.public_id).where(is_open).order_by(Draft.public_id).with_for_update()
    public_ids = [public_id for public_id in session.scalars(locked) if public_id in sent_at]
    expires_at = [sent_at[public_id] + LINK_WORKS_FOR for public_id in public_ids]
    change_rows(session, Draft, {"public_id": public_ids}, {"expires_at": expires_at})
    if answered:
        gone = delete(Draft).where(is_one_of(Draft.public_id, answered), Draft.sealed.is_not(None))
        session.execute(gone.execution_options(synchronize_session=False))


def take_back_many(session: Session, public_ids: Sequence[bytes]) -> None:
    """Make many drafts as they were before their letters were written, which were not handed over.

    Those that were sent on to another address meanwhile (see app/signing/readdress.py) are deleted with their rows, as
    they would have been before. Of drafts whose letters have not left, only they are marked as reminded.
    """
    those = is_one_of(Draft.public_id, public_ids) & Draft.expires_at.is_(None)
    sent_on = select(Draft.public_id).where(those, Draft.reminded)
    for statement in (
        delete(OutboxRow).where(OutboxRow.draft_id.in_(sent_on), OutboxRow.attempts == 0),
        delete(Draft).where(those, Draft.reminded),
        update(Draft).where(those).values(code_hash=None),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def _may_go(row: FormRow, answer: _Answer, letters: mailbox_limit.DaysLetters, stopped: datetime | None) -> bool:
    """Tell whether one more letter may go to this form's mailbox, which has unsubscribed at `stopped`."""
    if stopped is not None and letters.went_to(row, answer.spellings, stopped):
        return False
    # What is about a signature goes to its address, however that was typed.
    has_room = answer.signature_id is None or letters.leave_room(row, answer.spellings)
    return has_room and letters.leave_room(row, [row.mailbox])


def _answers(session: Session, rows: Sequence[FormRow]) -> tuple[dict[int, _Answer | None], set[_Form]]:
    """Return what these rows' forms ask for as far as copies can answer it; None for those that get no letter.

    And the petition, text, notice and language of all these forms.
    """
    draft_ids = _draft_ids(rows)
    drafts = {said.this_draft: said for said in session.execute(_drafts(draft_ids))}
    signatures = {said.this_draft: said for said in session.execute(_signatures(draft_ids))}
    open_row = {one: opener(session.get_one(Petition, one)) for one in {said.petition_id for said in drafts.values()}}
    mailbox_of, bounces_as = unwanted.mailbox_finder(session), bounced.mailbox_finder(session)
    answers: dict[int, _Answer | None] = {}
    for row in rows:
        draft, signature = drafts.get(row.draft_id or b""), signatures.get(row.draft_id or b"")
        said = signature or draft
        is_declined = draft is None or draft.declined is not None
        if signature is None:
            sees_none = row.signature_id is not None  # it was erased since
        else:
            sees_none = not folder_about_signature(Occasion.SIGNED, signature.state)
        if said is None or draft is None or is_declined or sees_none or None in {draft.sealed, said.sealed}:
            answers[row.id] = None
            continue
        sealed = (said.sealed, said.country, said.visibility.value, said.updates)
        try:
            _, (_, _, _, address, *_) = open_row[said.petition_id](said.public_id, *sealed)
        except AlteredRow:
            continue
        if is_plain_address(address):
            about = About(said.public_id, draft.petition_id, draft.text_id, draft.notice_id, draft.language)
            answers[row.id] = _Answer(
                about=about,
                email_key=said.email_key,
                signature_id=signature.id if signature else None,
                generation=signature.generation if signature else 0,
                address=address,
                mailbox=mailbox_of(address),
                bounces_as=bounces_as(address),
                spellings=mailbox_limit.all_spellings(address),
            )
    return answers, {(said.petition_id, said.text_id, said.notice_id, said.language) for said in drafts.values()}


def _draft_ids(rows: Sequence[FormRow]) -> list[bytes]:
    return [row.draft_id for row in rows if row.draft_id]


def _drafts(public_ids: Sequence[bytes]) -> Select[*tuple[Any, ...]]:
    """Select many drafts, and whether their mailboxes have declined."""
    said = (getattr(Draft, name) for name in _SAID)
    of_draft = select(Draft.public_id.label("this_draft"), *said, Declined.email_key.label("declined"))
    with_mark = of_draft.outerjoin(Declined, Declined.email_key == Draft.email_key)
    return with_mark.where(is_one_of(Draft.public_id, public_ids))


def _signatures(draft_ids: Sequence[bytes]) -> Select[*tuple[Any, ...]]:
    """Select the signatures that the mailboxes of many drafts have in their petitions."""
    said = (getattr(Signature, name) for name in _SAID)
    columns = (Draft.public_id.label("this_draft"), Signature.id, Signature.state, Signature.generation, *said)
    same_mailbox = and_(Signature.petition_id == Draft.petition_id, Signature.email_key == Draft.email_key)
    return select(*columns).join(Signature, same_mailbox).where(is_one_of(Draft.public_id, draft_ids))


def _locked_open(public_ids: Sequence[bytes]) -> Select[bytes]:
    """Select and lock those of many drafts whose data is here."""
    is_open = is_one_of(Draft.public_id, public_ids) & Draft.sealed.is_not(None)
    return select(Draft.public_id).where(is_open).order_by(Draft.public_id).with_for_update()
