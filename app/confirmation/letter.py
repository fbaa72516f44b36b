"""The letters about a draft or a signature, written when they are sent. They never repeat what somebody typed."""

from collections.abc import Callable, Mapping

from flask import url_for
from sqlalchemy.orm import Session

from app import clock
from app.crypto.tokens import Purpose, make_token
from app.db import db
from app.email import smtp
from app.email.letter import Letter
from app.email.render import Rendered, message, render, unsubscribe_headers
from app.models import Draft, Occasion, OutboxRow, Petition, PetitionText, PrivacyNotice, Signature, State
from app.models.signer import signer_of
from app.outbox import bounced, mailbox_limit, unwanted
from app.petitions import wording
from app.petitions.answers import answers_to
from app.petitions.stop_link import stop_link
from app.signing import code
from app.signing.draft import DraftEntry, declined_mark, find_draft, signature_of_mailbox
from app.signing.entry import Entry, find_entry
from app.signing.expiry import confirmable_until, link_works_until
from app.web.language import force_language
from app.web.template_filters import petition_address

# Strangers can cause these by typing an address, so each has a List-Unsubscribe header (RFC 8058).
WITH_UNSUBSCRIBE = {"confirm", "reminder", "already_signed", "own_entry"}
# Whoever reads the mailbox can have asked for these, so one a day goes out even to one that has unsubscribed: without
# it nobody there could confirm or withdraw.
ASKED_FOR = {Occasion.SIGNED, Occasion.ENTRY}


def choose_letter(row: OutboxRow) -> Callable[[], Letter] | None:
    """Return the function that writes the letter for this outbox row, as its mailbox's state calls for now.

    None when none is to be sent. The function draws a new code, or counts the entry's links on.
    """
    session = db.session()
    draft = find_draft(row.draft_id) if row.draft_id else None
    if row.signature_id is None and draft is not None and draft.draft.sealed is not None:
        if declined_mark(session, draft.draft):
            return None
        signature = signature_of_mailbox(session, draft.draft.petition_id, draft.draft.email_key)
        if signature is None:
            return _about_draft(session, row, draft)
        return _about_signature(session, row, signature, draft)
    signature = session.get(Signature, row.signature_id) if row.signature_id else None
    return _about_signature(session, row, signature) if signature else None


def render_letter(
    folder: str, petition: Petition, text: PetitionText, notice: PrivacyNotice, language: str, **words: object
) -> Rendered:
    """Render a letter about a petition in a language; `words` are those of the folder's own."""
    context = {
        "petition": petition,
        "title": None if petition.discreet else text.title,
        "text": text,
        "petition_link": petition_address(petition, language),
        "contact": petition.contact,
        "started_by": wording.said(petition, text.language, petition.started_by),
        "controller": notice.controller_name,
        **words,
    }
    with force_language(language):
        return render(folder, **context)


def folder_about_signature(occasion: Occasion, state: State) -> str | None:
    """Return the folder in templates/email/ of the letter about a signature for this occasion."""
    if occasion == Occasion.CONFIRMED:
        return "thanks" if state == State.VERIFIED else None
    has_entry = state in {State.VERIFIED, State.INVALIDATED}
    return {Occasion.ENTRY: "own_entry", Occasion.SIGNED: "already_signed"}.get(occasion) if has_entry else None


def link_to_entry(petition: Petition, token: str) -> str:
    """Return the link by which a signer sees and corrects an entry; a discreet petition's names it nowhere."""
    return url_for("signers.show_discreetly" if petition.discreet else "signers.show_entry", token=token)


def _about_draft(session: Session, row: OutboxRow, entry: DraftEntry) -> Callable[[], Letter] | None:
    """Return what writes the letter that asks to confirm a draft, or reminds of it; None if unwanted or too late."""
    now = clock.now()
    is_reminder = row.occasion == Occasion.REMINDER
    if is_reminder and not (entry.petition.is_open(now) and entry.is_confirmable(now)):
        return None
    address = signer_of(entry.draft).email
    if _has_bounced(session, row, address) or _is_unwanted(session, row, address):
        return None

    until = confirmable_until(entry.petition, entry.draft.expires_at)

    def write() -> Letter:
        assert entry.draft.email_key is not None
        drawn = code.draw_code(entry.draft.public_id, entry.draft.email_key)
        entry.draft.code_hash = drawn.code_hash
        about = {
            "link": url_for("confirmation.ask", token=make_token(Purpose.CONFIRM, entry.draft.public_id)),
            "not_me_link": url_for("refusing.ask_who", token=make_token(Purpose.NOT_ME, entry.draft.public_id)),
            "code": drawn.shown,
            "until": until if is_reminder else link_works_until(entry.petition, now),
        }
        return _message(session, row, "reminder" if is_reminder else "confirm", entry, entry.draft, about)

    return write


def _about_signature(
    session: Session, row: OutboxRow, signature: Signature, form: DraftEntry | None = None
) -> Callable[[], Letter] | None:
    """Return what writes the letter with the link to an entry; None if unwanted or if that is not to be seen.

    If a form asks for it, it is in that one's language.
    """
    folder = folder_about_signature(row.occasion, signature.state)
    entry = find_entry(signature.public_id)
    if folder is None or entry is None or signature.sealed is None:
        return None
    address = signer_of(signature).email
    # It goes to this address, however that was typed.
    if (
        _has_bounced(session, row, address)
        or _is_unwanted(session, row, address)
        or not _has_room(session, row, address)
    ):
        return None

    def write() -> Letter:
        row.signature_id = signature.id  # on the next try it leads to the same letter
        if row.occasion == Occasion.ENTRY:
            row.generation = (signature.generation + 1) % 2**16  # it has two bytes in the link
        generation = signature.generation if row.generation is None else row.generation
        own_link = link_to_entry(entry.petition, make_token(Purpose.ENTRY, signature.public_id, generation))
        return _message(session, row, folder, form or entry, signature, {"own_link": own_link})

    return write


def _has_bounced(session: Session, row: OutboxRow, address: str) -> bool:
    """Tell whether this letter must not go out, since others came back; if so, its form's page says that in time."""
    mailbox = bounced.find_bounced(session, address)
    if mailbox is None:
        return False
    bounced.leave_unsent(session, row, mailbox, clock.now())
    return True


def _is_unwanted(session: Session, row: OutboxRow, address: str) -> bool:
    """Tell whether this letter must not go out, since its mailbox has unsubscribed."""
    since = unwanted.unwanted_since(session, unwanted.mailbox_of(session, address))
    if since is None:
        return False
    spellings = mailbox_limit.all_spellings(address)
    return row.occasion not in ASKED_FOR or mailbox_limit.was_written_to(session, row, spellings, since)


def _has_room(session: Session, row: OutboxRow, address: str) -> bool:
    return mailbox_limit.has_room(session, row, clock.now(), mailbox_limit.all_spellings(address))


def _message(
    session: Session,
    row: OutboxRow,
    folder: str,
    entry: Entry | DraftEntry,
    said: Draft | Signature,
    about: Mapping[str, object],
) -> Letter:
    petition, address = entry.petition, signer_of(said).email
    mailbox = unwanted.mailbox_of(session, address)
    unsubscribe = stop_link(make_token(Purpose.UNSUBSCRIBE, mailbox), entry.language, petition)
    had_stopped = unwanted.unwanted_since(session, mailbox) is not None
    words = {"had_stopped": had_stopped, "no_more_link": unsubscribe, **about}
    rendered = render_letter(folder, petition, entry.text, entry.notice, entry.language, **words)
    headers = unsubscribe_headers(unsubscribe) if folder in WITH_UNSUBSCRIBE else {}
    sender = smtp.sender(is_discreet=petition.discreet)
    reply_to = answers_to(petition, entry.notice)
    return message(row.public_id, address, rendered, sender=sender, reply_to=reply_to, headers=headers)
