"""Find who runs the mailboxes of many domains: by the table, by what is kept, or by DNS, within a second.

No e-mail waits while DNS is asked about the domain of another: else its time would tell whether somebody at that domain
had one lately.
"""

import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.crypto import tokens
from app.db import db, insert, is_one_of, transaction
from app.email.dns import NoDnsAnswer
from app.email.mail_exchanger import Mailboxes, can_resolve, mailboxes_of
from app.email.traffic_shaping import TrafficShaping
from app.models import MailDomain

MAX_SECONDS = 1.0
THREADS = 8
KNOWN_FOR = timedelta(days=1)
DEAD_FOR = timedelta(hours=1)  # a domain without mail may get some
RESTS = timedelta(minutes=1)  # a resolver that did not answer is left alone
MAX_REMEMBERED = 20_000
EXTENSION = "countersign_providers"


class Found(NamedTuple):
    """Who runs a domain's mailboxes, by a keyed hash (see `key_of`); whether the domain takes no mail."""

    provider_key: bytes
    takes_no_mail: bool


class _Memory:
    """What this process knows of domains, until when; what it has asked; until when it asks no DNS, or trusts it.

    `asked` has the answer on its way, and until when on the monotonic clock it is waited for.
    """

    def __init__(self) -> None:
        self.found: dict[str, tuple[Found, datetime]] = {}
        self.asked: dict[str, tuple[Future[Mailboxes], float]] = {}
        self.threads = ThreadPoolExecutor(THREADS)
        self.rests_until = self.trusted_until = datetime.min.replace(tzinfo=clock.now().tzinfo)

    def remember(self, domain: str, found: Found, until: datetime) -> None:
        if len(self.found) >= MAX_REMEMBERED:
            self.found.clear()
        self.found[domain] = found, until


def key_of(provider: str | None, owner: str = "") -> bytes:
    """Return the 16-byte keyed hash of a provider in the table, or of whoever else runs mailboxes."""
    return tokens.keyed_hash("mailbox provider", provider or f"owner {owner}")[: tokens.ID_BYTES]


def find_providers(domains: Collection[str], shaping: TrafficShaping) -> dict[str, Found]:
    """Return who runs the mailboxes of each of these domains (in ASCII, lower case), but for those DNS is asked about.

    Those are known after MAX_SECONDS: of what DNS does not tell until then, each domain counts by itself. Opens its own
    transaction if there is news to keep.
    """
    now, memory = clock.now(), _memory()
    found = {one: memory.found[one][0] for one in domains if one in memory.found and memory.found[one][1] > now}
    missing = set(domains) - set(found)
    for domain in missing:
        provider = shaping.of_domain(domain)
        if provider:
            found[domain] = Found(key_of(provider), takes_no_mail=False)
    missing -= set(found)
    if missing:
        found |= _kept(db.session(), missing, now)
        found |= _asked({one for one in missing if one not in found}, shaping, now)
    return found


def takes_no_mail(domain: str) -> bool:
    """Tell whether a domain is known to take no mail from anybody. It asks the database alone."""
    known = select(MailDomain.takes_no_mail).where(
        MailDomain.domain_key == _domain_key(domain), MailDomain.known_until > clock.now()
    )
    return bool(db.session.scalar(known))


def _kept(session: Session, domains: Collection[str], now: datetime) -> dict[str, Found]:
    by_key = {_domain_key(domain): domain for domain in domains}
    known = select(MailDomain).where(is_one_of(MailDomain.domain_key, [*by_key]), MailDomain.known_until > now)
    found: dict[str, Found] = {}
    for row in session.scalars(known):
        domain = by_key[row.domain_key]
        found[domain] = Found(row.provider_key, row.takes_no_mail)
        _memory().remember(domain, found[domain], row.known_until)
    return found


def _asked(domains: Collection[str], shaping: TrafficShaping, now: datetime) -> dict[str, Found]:
    """Return what is known of these domains by now, and ask about those that were not asked about."""
    memory, found = _memory(), {}
    answers = _answers(memory)
    for domain in {*domains} - {*answers} - {*memory.asked}:
        if now < memory.rests_until:
            answers[domain] = None
        else:
            memory.asked[domain] = _ask(domain, shaping, memory), time.monotonic() + MAX_SECONDS
    rows = []
    for domain, answer in answers.items():
        provider, owner, takes_no_mail = answer or Mailboxes(None, domain, takes_no_mail=False)
        found[domain] = Found(key_of(provider, owner), takes_no_mail)
        until = now + (DEAD_FOR if takes_no_mail else KNOWN_FOR if answer else RESTS)
        memory.remember(domain, found[domain], until)
        if answer:
            values = (_domain_key(domain), found[domain].provider_key, takes_no_mail, until)
            rows.append(dict(zip(_COLUMNS, values, strict=True)))
    if rows:
        _keep(sorted(rows, key=lambda row: row["domain_key"]))
    return found


def _answers(memory: _Memory) -> dict[str, Mailboxes | None]:
    """Take out what DNS has answered, by domain; None if it cannot tell, or has not in time."""
    answers: dict[str, Mailboxes | None] = {}
    for domain, (future, until) in [*memory.asked.items()]:
        if future.done() or time.monotonic() > until:
            is_known = future.done() and future.exception() is None
            answers[domain] = future.result() if is_known else None
            del memory.asked[domain]
    return answers


def _ask(domain: str, shaping: TrafficShaping, memory: _Memory) -> Future[Mailboxes]:
    """Have DNS asked about a domain within MAX_SECONDS; whether it can be believed is looked for now and then."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    until = time.monotonic() + MAX_SECONDS

    def ask() -> Mailboxes:
        with app.app_context():
            left = until - time.monotonic()
            if left <= 0:
                raise NoDnsAnswer("no time is left")
            try:
                answer = mailboxes_of(domain, shaping, left)
            except NoDnsAnswer:
                if clock.now() >= memory.rests_until and not can_resolve(shaping, MAX_SECONDS):
                    memory.rests_until = clock.now() + RESTS
                raise
            if answer.takes_no_mail and clock.now() >= memory.trusted_until:
                if not can_resolve(shaping, MAX_SECONDS):
                    raise NoDnsAnswer("the resolver denies that anything exists")
                memory.trusted_until = clock.now() + DEAD_FOR
            return answer

    return memory.threads.submit(ask)


def _keep(rows: list[dict[str, Any]]) -> None:
    new = insert(MailDomain).values(rows)
    changes = {name: new.excluded[name] for name in _COLUMNS[1:]}
    with transaction() as session:
        session.execute(new.on_conflict_do_update(index_elements=["domain_key"], set_=changes))


def _domain_key(domain: str) -> bytes:
    return tokens.keyed_hash("mail domain", domain)[: tokens.ID_BYTES]


def _memory() -> _Memory:
    return current_app.extensions.setdefault(EXTENSION, _Memory())  # type: ignore[no-any-return]


_COLUMNS = ("domain_key", "provider_key", "takes_no_mail", "known_until")
