"""Every act of an organiser on a petition: the least role that it takes, and how it is done in a browser."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import transaction
from app.export.pdf_job import run_due
from app.models import News, NewsState, NewsText, Organiser, PauseReason, Petition, Role
from tests.factories import hidden_fields
from tests.publishing.conftest import PLACE, TRUSTED, Desk

LIST = f"{PLACE}/signatures"
DAY = timedelta(days=1)


class Scene(NamedTuple):
    """Olga's browser, Fred's and the signatures' ids in URLs."""

    app: Flask
    desk: Desk
    fred: str
    verified: str
    invalidated: str

    def set_petition(self, **columns: object) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(update(Petition).values(columns))


Send = Callable[[], TestResponse]


def post(path: str, **fields: str) -> Callable[[Scene], Send]:
    """Return an act that sends these fields alone."""
    return lambda scene: lambda: scene.desk.client.post(path.format(**scene._asdict()), data=fields)


def form(path: str, **fields: str) -> Callable[[Scene], Send]:
    """Return an act that sends the page's form, with these fields in it."""

    def prepare(scene: Scene) -> Send:
        answers = scene.desk.form(path) | fields
        return lambda: scene.desk.client.post(path, data=answers)

    return prepare


def bulk(what: str, entry: str, **fields: str) -> Callable[[Scene], Send]:
    """Return an act on a signature, after its preview."""

    def prepare(scene: Scene) -> Send:
        chosen = {"entry": getattr(scene, entry)}
        preview = scene.desk.client.post(f"{LIST}/{what}", data=chosen)
        answers = {**hidden_fields(preview.text), **chosen, **fields}
        assert answers["fingerprint"]
        return lambda: scene.desk.client.post(f"{LIST}/{what}", data=answers)

    return prepare


def in_state(prepare: Callable[[Scene], Send], **columns: object) -> Callable[[Scene], Send]:
    def set_and_prepare(scene: Scene) -> Send:
        scene.set_petition(**columns)
        return prepare(scene)

    return set_and_prepare


def with_translation(prepare: Callable[[Scene], Send]) -> Callable[[Scene], Send]:
    def write_and_prepare(scene: Scene) -> Send:
        scene.desk.send(f"{PLACE}/words/sv", title="Böcker", statement="Vi ber.")
        return prepare(scene)

    return write_and_prepare


def with_news(prepare: Callable[[Scene], Send], columns: Mapping[str, object] = {}) -> Callable[[Scene], Send]:
    def write_and_prepare(scene: Scene) -> Send:
        with scene.app.app_context(), transaction() as session:
            petition, fred = session.scalars(select(Petition)).one(), bytes.fromhex(scene.fred)
            writer = session.scalars(select(Organiser.id).where(Organiser.public_id == fred)).one()
            about = {"petition_id": petition.id, "written_by": writer, "made_at": PAST}
            news = News(number=1, asked_by=writer if columns else None, **about | dict(columns))
            session.add(news)
            session.flush()
            session.add(NewsText(news_id=news.id, language="en", title="News", body="Much."))
        return prepare(scene)

    return write_and_prepare


def get(path: str) -> Callable[[Scene], Send]:
    return lambda scene: lambda: scene.desk.get(path)


def download_of_chosen(scene: Scene) -> Send:
    chosen = scene.desk.client.post(f"{PLACE}/export", data={"kind": "csv", "recipient": "Registry"})
    assert chosen.status_code == 303
    return lambda: scene.desk.get(chosen.location)


def volume(scene: Scene) -> Send:
    scene.desk.client.post(f"{PLACE}/signatures.pdf", data={"recipient": "Registry"})
    with scene.app.app_context():
        assert run_due() == 1
    return lambda: scene.desk.get(f"{PLACE}/signatures.pdf")


PAST = clock.now() - DAY
ASKED = {"state": NewsState.ASKED, "asked_at": PAST, "due_at": PAST + 2 * DAY}
SENDING = ASKED | {"state": NewsState.SENDING, "began_at": PAST}
PAUSED = SENDING | {"state": NewsState.PAUSED, "pause_reason": PauseReason.OWNER}
ACTS: dict[str, tuple[Role, Callable[[Scene], Send]]] = {
    "members.invite": (Role.OWNER, post(f"{PLACE}/members", email="new@example.org", role="owner")),
    "members.change_role": (Role.OWNER, post(f"{PLACE}/members/{{fred}}/role", role="owner")),
    "members.remove": (Role.OWNER, post(f"{PLACE}/members/{{fred}}/remove")),
    "notices.save": (Role.EDITOR, post(f"{PLACE}/notices", goal="y")),
    "members.leave": (Role.VIEWER, post(f"{PLACE}/leave")),
    "opening.open_now": (Role.OWNER, in_state(post(f"{PLACE}/open"), opened_at=None)),
    "opening.close": (Role.OWNER, post(f"{PLACE}/close")),
    "opening.reopen": (Role.OWNER, in_state(post(f"{PLACE}/reopen"), closes_at=PAST)),
    "editing.set_who_writes": (Role.OWNER, post(f"{PLACE}/who-writes", who="owners")),
    "deleting.take_back": (Role.EDITOR, with_translation(post(f"{PLACE}/words/sv/delete"))),
    "editing.save_words": (Role.EDITOR, form(f"{PLACE}/words", title="Another title")),
    "editing.save_details": (Role.EDITOR, form(f"{PLACE}/details", started_by="Others")),
    "editing.save_details of the last day": (Role.OWNER, form(f"{PLACE}/details", closes_on="2999-12-31")),
    "editing.save_trust": (Role.EDITOR, form(f"{PLACE}/trust", **TRUSTED | {"contact": "other@example.org"})),
    "editing.save_outcome": (Role.EDITOR, form(f"{PLACE}/outcome", outcome="It is done.")),
    "image.save": (Role.EDITOR, post(f"{PLACE}/image", alt="Another text")),
    "image.remove": (Role.EDITOR, post(f"{PLACE}/image/remove")),
    "domains.set_one": (Role.EDITOR, post(f"{PLACE}/domains", domain="example.net", verdict="block")),
    "domains.remove": (Role.EDITOR, post(f"{PLACE}/domains/remove", domain="example.com")),
    "moderation.invalidate": (Role.EDITOR, bulk("invalidate", "verified", reason="other")),
    "moderation.restore": (Role.EDITOR, bulk("restore", "invalidated")),
    "moderation.dismiss": (Role.EDITOR, bulk("dismiss", "verified")),
    "moderation.hide": (Role.EDITOR, post(f"{LIST}/{{verified}}/hide", part="name")),
    "moderation.unhide": (Role.EDITOR, post(f"{LIST}/{{invalidated}}/show", part="name")),
    "updates.begin": (Role.EDITOR, post(f"{PLACE}/news")),
    "updates.save": (Role.EDITOR, with_news(form(f"{PLACE}/news/1", title_en="What is new", body_en="Much."))),
    "updates.delete": (Role.EDITOR, with_news(post(f"{PLACE}/news/1/delete"))),
    "sending_news.send_now": (Role.OWNER, with_news(form(f"{PLACE}/news/1/send"))),
    "sending_news.consent": (Role.OWNER, with_news(post(f"{PLACE}/news/1/consent", revision="0"), ASKED)),
    "sending_news.pause": (Role.OWNER, with_news(post(f"{PLACE}/news/1/pause"), SENDING)),
    "sending_news.resume": (Role.OWNER, with_news(post(f"{PLACE}/news/1/resume"), PAUSED)),
    "sending_news.cancel": (Role.OWNER, with_news(post(f"{PLACE}/news/1/cancel"), ASKED)),
    "export.hand_over": (Role.EDITOR, post(f"{PLACE}/export", kind="csv", recipient="Registry")),
    "export.make_pdf": (Role.EDITOR, post(f"{PLACE}/signatures.pdf", recipient="Registry")),
    "trial.try_out": (Role.EDITOR, post(f"{PLACE}/export/trial", kind="csv")),
    "log_file.save_log": (Role.OWNER, post(f"{PLACE}/log.csv")),
    "export.download": (Role.EDITOR, get(f"{PLACE}/signatures.csv")),
    "export.download of what was chosen": (Role.EDITOR, download_of_chosen),
    "export.pdf": (Role.EDITOR, volume),
}
# These change nothing of the petition: they show what was typed or found, or look at the offer itself and lock it.
# A draft that is deleted has no signers, as this scene has: see tests/publishing/test_delete.py.
NO_ACTS = {
    "deleting.delete",
    "editing.preview_markdown",
    "watching.find",
    "watching.find_by_name",
    "organisers.answer_offer",
}
