"""A site with something of everything in it, and what each part of an address can be there."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select

from app import clock
from app.audit.log import record
from app.crypto import tokens
from app.data_keys.check import check_keys
from app.db import db, transaction
from app.export.handover import begin_handover
from app.export.pdf_job import run_due
from app.export.rows import Choice
from app.mailbox import caught_emails
from app.models import (
    Act,
    BouncedMailbox,
    Clue,
    CountCheck,
    Counter,
    Departures,
    DomainRule,
    Erasure,
    Format,
    HealthReport,
    JobSuccess,
    MailDomain,
    News,
    NewsState,
    NewsText,
    Notice,
    NoticeKind,
    Organiser,
    Passkey,
    Petition,
    Picture,
    PrivacyNotice,
    ProviderConnection,
    ProviderPace,
    Returned,
    ReturnedEmail,
    Role,
    SendingAddress,
    Signature,
    SpentProof,
    State,
    Suspicion,
    Verdict,
)
from app.organisers import accounts
from app.petition_files.content import PetitionFile
from app.petition_files.file import parse_petition_file
from app.publishing.create import create_petition
from app.signers.decline import decline
from app.signing import email_reference
from app.signing.code import redeem_code
from app.signing.sign import FormIds
from app.watching.hourly import round_numbers
from tests.factories import SLUG, make_draft, make_petition, make_signature, petition_file, press_confirm, sign
from tests.organisers.people import make_organiser, organiser

DIGEST = "0" * 32
NAMED = """[labels]
country = "Country of origin"
[[links]]
title = "A library in need"
[[translations]]
language = "sv"
title = "Vad som har stängt"
statement = "Vi ber."
outcome = "Klart"
[translations.words]
"A library in need" = "Ett bibliotek i nöd"
"""


def something_of_everything(app: Flask, folder: Path) -> dict[str, list[Any]]:
    """Fill the database, and the mailbox in `folder`; return the values that each part of an address can have."""
    with app.app_context():
        check_keys()  # as a process does that starts
    make_petition(app)
    over = {"closes_on": "2026-01-31", "thanks": '"Please [give](https://give.example)."', "outcome": '"# Done"'}
    make_petition(app, slug='"closed"', title='"What has closed"', tables=NAMED, **over)
    signed = [make_signature(app, state=state, email=f"{state}@example.org") for state in State]
    ids = [*signed, *drafts_in_every_state(app)]
    sign(app.test_client(), email="new@example.org")
    app.config.update(MAILBOX_DIR=str(folder / "mailbox"), SITE_COLOUR="#14532d", SITE_DIR=folder)
    for name, content in (("logo.svg", "<svg/>"), ("imprint.md", "Words"), ("privacy.md", "Words")):
        (folder / name).write_text(content)
    caught_emails.store_email(folder / "mailbox", b"Subject: Hello\r\n\r\nwords\r\n")
    for_organisers = what_organisers_leave(app)
    with app.app_context():
        check_keys()
        return {
            "slug": [SLUG, "quiet", "closed", "begun", "ready", "unknown"],
            "lang": ["en", "sv", "xx"],
            "token": [
                *(tokens.make_token(tokens.Purpose.CONFIRM, one) for one in [*ids, bytes(16)]),
                *(
                    tokens.make_token(purpose, one)
                    for purpose in (tokens.Purpose.ENTRY, tokens.Purpose.NOT_ME, tokens.Purpose.UNSUBSCRIBE)
                    for one in [*ids, bytes(16)]
                ),
                *for_organisers,
                "altered",
            ],
            "reference": [email_reference.make_reference(SLUG, "en", "new@example.org", FormIds.new()), "altered"],
            "number": [caught_emails.list_emails(folder / "mailbox")[0].number, "0"],
            "filename": ["css/base.css"],
            "member": [organiser(app).public_id.hex(), "00", "altered"],
            "entry": [signed[0].hex(), "altered"],
            "kind": ["csv", "xlsx", "json"],
            "picture": ["svg", "png"],
            "digest": [DIGEST],
            "width": ["480", "1"],
            "nth": [1, 2, 99],
        }


def drafts_in_every_state(app: Flask) -> list[bytes]:
    """Make drafts: open, expired, of a discreet petition, declined, and closed as another one was confirmed."""
    quiet = make_petition(app, slug='"quiet"', title='"What is quiet"', discreet="true")
    ids = [
        make_draft(app, email="draft@example.org"),
        make_draft(app, email="late@example.org", expires_at=clock.now() - timedelta(days=30)),
        make_draft(app, quiet),
        make_draft(app, email="declined@example.org"),
        make_draft(app, email="twice@example.org"),
        make_draft(app, email="twice@example.org"),
    ]
    with app.app_context():
        assert decline(ids[3])
        petition = db.session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
        assert redeem_code(petition, "draft@example.org", "wrong") is None
        assert round_numbers() == 3
        confirming = tokens.make_token(tokens.Purpose.CONFIRM, ids[4])
    press_confirm(app.test_client(), f"/confirm/{confirming}")
    return ids


def news(petition_id: int, owner: int) -> list[object]:
    """Return news that was sent, and a draft, with their texts."""
    now = clock.now()
    about = {"petition_id": petition_id, "written_by": owner, "made_at": now}
    sent = {"state": NewsState.SENT, "asked_by": owner, "asked_at": now, "began_at": now, "all_queued": True}
    texts = [NewsText(news_id=one, language="en", title="What is new", body="*Much*.") for one in (1, 2)]
    return [News(id=1, number=1, **about, **sent), News(id=2, number=2, **about), *texts]


def what_sending_leaves(petition_id: int) -> list[object]:
    """Return a row for each table that tells what e-mails wait for, and what came back of them."""
    key, now = bytes(16), clock.now()
    return [
        MailDomain(domain_key=key, provider_key=key, known_until=now),
        ProviderPace(provider_key=key, next_at=now),
        ProviderConnection(provider_key=key, claim=key, until=now),
        Departures(provider_key=key, slot=now, number=1),
        SendingAddress(address_key=key, since=now),
        ReturnedEmail(public_id=key, petition_id=petition_id, kind=Returned.HARD, at=now, shown_at=now),
        BouncedMailbox(mailbox=key, kind=Returned.HARD, since=now, delay_seconds=9),
        Notice(petition_id=petition_id, kind=NoticeKind.FIRST, number=1, at=now),
    ]


def what_organisers_leave(app: Flask) -> list[str]:
    """Put a row into each table that organisers fill; return the tokens that letters to them carry."""
    owner = make_organiser(app, role=Role.OWNER, administrator=True)
    make_organiser(app, role=Role.OWNER, slug="closed")
    with app.app_context():
        accounts.invite("invited@example.org")
        ready = parse_petition_file(petition_file(slug='"ready"').encode(), "ready.md")
        for draft in (PetitionFile("begun", "en", "What is begun"), ready):
            assert create_petition(draft, owner)
        with transaction() as session:
            petition = session.scalars(select(Petition).where(Petition.slug == SLUG)).one()
            record(session, Act.EDITED, petition.id, owner)
            key = Passkey(
                "phone",
                session.get_one(Organiser, owner).public_id,
                user_id=owner,
                credential_id=b"1",
                public_key=b"2",
                backup_state=False,
                device_type="",
                usage="first",
            )
            key.lastuse_datetime = clock.now()
            signed = session.scalars(select(Signature.id).where(Signature.state == State.VERIFIED)).first()
            about = {"petition_id": petition.id}
            session.add_all(
                [
                    key,
                    *news(petition.id, owner),
                    *what_sending_leaves(petition.id),
                    Picture(**about, digest=DIGEST, width=480, height=1, data=b"x"),
                    DomainRule(**about, domain="example.net", verdict=Verdict.BLOCK, made_at=clock.now()),
                    Suspicion(**about, signature_id=signed, clue=Clue.INSTANT, since=clock.now()),
                    SpentProof(key=bytes(32), until=clock.now()),
                    CountCheck(**about, at=clock.now(), differences=0),
                    Counter(name="requests", labels="pages.start GET 2xx", total=10),
                    HealthReport(begun_at=clock.now(), at=clock.now(), findings=[]),
                    JobSuccess(name="fold the ledger", at=clock.now()),
                    Erasure(notice_id=session.scalars(select(PrivacyNotice.id)).first(), done_at=clock.now()),
                ]
            )
        begin_handover(petition, db.session.get_one(Organiser, owner), Format.PDF, Choice(), "Registry of Testville")
        assert run_due() == 1
        invited = db.session.scalars(select(Organiser).where(Organiser.joined_at.is_(None))).one()
        with app.test_request_context("/organise/reset"):
            reset = generate_reset_password_token(db.session.get_one(Organiser, owner))
        return [tokens.make_token(tokens.Purpose.INVITATION, invited.public_id, invited.generation), reset]
