"""SpamAssassin, without the network, finds next to nothing in any e-mail of any kind in any language."""

import mailbox
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

import config
from app.doctor import one_of_each
from app.email.letter import make_ready
from app.email.pipelining import ReadyMessage
from app.web.language import INTERFACE_LANGUAGES
from tests.apps import lent, make_app
from tests.email.every_email import KINDS, every_email

pytestmark = pytest.mark.slow

SPAMASSASSIN = shutil.which("spamassassin")
WANTED_BELOW = 1
HOST = "petitions.example.org"
SETTINGS = {
    "BASE_URL": f"https://{HOST}",
    "SERVER_NAME": HOST,
    "PREFERRED_URL_SCHEME": "https",
    "MAIL_DEFAULT_SENDER": f"Petitions <petitions@{HOST}>",
}
# It takes é, ě or the Cyrillic е for an e in disguise once plain ones stand beside them, as they do in links. Where
# those are letters like others it says nothing; its own authors note five such languages, Czech among them.
MADE_FOR_ENGLISH = "MIXED_ES"
# What the receiving server writes above an e-mail.
RECEIVED = f"""Return-Path: <%s>
Received: from mail.{HOST} (mail.{HOST} [IPv6:2001:db8::25])
\tby mx.example.org (Postfix) with ESMTPS id 4Tw0Kd2hXyz9sT
\tfor <%s>; %s
"""


def as_received(message: ReadyMessage) -> bytes:
    """Return an e-mail as it stands in a mailbox."""
    date = re.search(rb"^Date: (.*?)\r$", message.content, re.MULTILINE)
    assert date
    return (RECEIVED % (message.sender, message.recipient, date[1].decode())).encode() + message.content


def findings(messages: list[bytes], folder: Path) -> dict[str, dict[str, float]]:
    """Return the rules that SpamAssassin finds to hold, with their scores, by Message-ID."""
    if not SPAMASSASSIN:
        if config.environment().get("CI"):
            pytest.fail("CI must have SpamAssassin: see tests/install-unstarted.sh")
        pytest.skip("NO SPAMASSASSIN HERE, SO NO E-MAIL IS TRIED ON IT. On Debian: apt-get install spamassassin")
    with closing(mailbox.mbox(folder / "sent.mbox")) as box:
        for message in messages:
            box.add(message.replace(b"\r\n", b"\n"))
    # The rules of the package, not those that this machine may have been given later, and nothing that it has learnt.
    settings = ["use_bayes 0", "report_safe 0", "add_header all Found _TESTSSCORES( )_"]
    options = ["--local", "--configpath=/usr/share/spamassassin", *(f"--cf={one}" for one in settings), "--mbox"]
    env = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with (folder / "sent.mbox").open("rb") as sent, (folder / "seen.mbox").open("wb") as seen:
        subprocess.run([SPAMASSASSIN, *options], stdin=sent, stdout=seen, env=env, check=True, timeout=600)
    with closing(mailbox.mbox(folder / "seen.mbox")) as box:
        return {one["Message-ID"]: _scores(one) for one in box}


def _scores(message: Message) -> dict[str, float]:
    found = re.sub(r"\s+", " ", message["X-Spam-Found"]).split()
    return {rule: float(score) for rule, _, score in (one.partition("=") for one in found)}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/site.db", **SETTINGS)
    with lent(app):
        with app.app_context():
            upgrade()
        yield app


def test_spamassassin_takes_no_e_mail_for_spam(site: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One in some thousands of random tokens has letters in a row that could be the number of a Bitcoin account.
    monkeypatch.setattr(one_of_each, "_no_token", lambda: "test-q7Xh2_KdPw9sT-LmZ4vBcR8n_JyFgQe5uA-aWxEoViUjCk")
    sent = {}
    for language in INTERFACE_LANGUAGES:
        for name, letter in every_email(site, language):
            with site.app_context():
                sent[letter.message_id] = name, language, as_received(make_ready(letter))
    assert {name.split()[0] for name, _, _ in sent.values()} == KINDS
    found = findings([raw for _, _, raw in sent.values()], tmp_path)
    assert found.keys() == sent.keys()
    too_many = {}
    for message_id, (name, language, _) in sent.items():
        rules = {**found[message_id]}
        if language != "en":
            rules.pop(MADE_FOR_ENGLISH, None)
        if sum(rules.values()) >= WANTED_BELOW:
            too_many[name] = rules
    assert too_many == {}


def test_it_would_find_what_is_spam(tmp_path: Path) -> None:
    known = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"  # what it offers for such tests
    found = findings([f"Message-ID: <one@example.org>\n\n{known}\n".encode()], tmp_path)
    assert found["<one@example.org>"]["GTUBE"] > WANTED_BELOW
