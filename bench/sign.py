"""Signing over HTTP, with validation and sealing, against pgbench with the same rows; with a proof; on SQLite."""

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

from bench import load, people, pgbench
from bench.figure import ROUNDS, Figure, in_turns, middle, ratios
from bench.stage import SLUG, Stage

CLIENTS = 16
SECONDS = 2
MOST_REQUESTS = 4000

TWO_INSERTS = f"""
BEGIN;
INSERT INTO draft (public_id, petition_id, text_id, notice_id, language, email_key, sealed, country, visibility,
  updates, signed_at)
VALUES (uuid_send(gen_random_uuid()), :petition, :text, :notice, 'en', sha256(uuid_send(gen_random_uuid())),
  '\\x{"ab" * people.SEALED_BYTES}', 'SE', 'delivery', false, now())
RETURNING encode(public_id, 'hex') AS draft \\gset
INSERT INTO outbox (public_id, draft_id, petition_id, occasion, priority, mailbox, progress, queued_at, due_at)
VALUES (uuid_send(gen_random_uuid()), decode(:draft, 'hex'), :petition, 'signed', 0,
  sha256(uuid_send(gen_random_uuid())), 'waiting', now(), now());
COMMIT;
"""


def run(stage: Stage) -> Iterator[Figure]:
    """Measure both sides at 16 clients."""
    database = stage.database("signing")
    app = stage.app(database)
    with app.app_context():
        under = people.edition()
        ids = {"petition": under.petition.id, "text": under.text.id, "notice": under.notice.id}
        versions = {"text_version": under.text.version, "notice_version": under.notice.version}
    numbers = count()

    def over_http(port: int, most: int = MOST_REQUESTS) -> float:
        return sent(port, [_form(which, versions) for which in range(most)])

    def with_proofs(port: int) -> float:
        return sent(port, people.make_forms(app, MOST_REQUESTS))

    def sent(port: int, forms: list[str]) -> float:
        requests = [_request(next(numbers), form) for form in forms]
        return load.rate(port, requests, 303, CLIENTS, SECONDS, again=False)

    port = stage.serve_site(database, TRUSTED_PROXIES="1")
    over_http(port, 200)
    pairs = in_turns(lambda: over_http(port), lambda: pgbench.rate(stage, database, TWO_INSERTS, CLIENTS, SECONDS, ids))
    detail = f"HTTP {middle(pairs, 0)}/s, pgbench {middle(pairs, 1)}/s"
    yield Figure("sign: over HTTP / two inserts in pgbench", ratios(pairs), "x", at_least=0.22, detail=detail)

    pairs = in_turns(lambda: with_proofs(port), lambda: over_http(port))
    detail = f"{middle(pairs, 0)}/s of {middle(pairs, 1)}/s"
    yield Figure("sign: with a proof / without", ratios(pairs), "x", at_least=0.85, detail=detail)

    file = stage.sqlite()
    embedded = stage.serve_site(database, DATABASE_URL=f"sqlite:///{file}", TRUSTED_PROXIES="1")
    over_http(embedded, 200)
    # Any other status than 303, such as that of a database that stayed busy, would end the run.
    seen = [over_http(embedded) for _ in range(ROUNDS)]
    yield Figure("sign: over HTTP on SQLite", seen, "/s", at_least=500)


def _form(number: int, versions: dict[str, int]) -> str:
    answers = {"name": f"Ann Example the {number}th", "email": f"ann.{number}@example.org", **people.ANSWERS}
    return urlencode({**answers, "language": "en", **versions})


def _request(number: int, form: str) -> bytes:
    # Each from a client of its own, as a crowd's are: one client may not sign this often.
    client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return load.post(f"/petitions/{SLUG}/sign", form, Sec_Fetch_Site="same-origin", X_Forwarded_For=client)
