"""Tokens: each is valid for its purpose and row only, and no altered one is."""

import base64
import hashlib
import hmac
import os
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, current_app
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from itsdangerous import Signer

from app.crypto import tokens
from app.crypto.tokens import BadToken, Purpose
from tests.conftest import SECRETS, make_app

SITE_SECRET = bytes(range(32))
OLD = SECRETS["SECRET_KEY"]
NEW = "another-secret-for-tests-9876543210-abcd"
OLDEST = "the-first-secret-for-tests-5647382910-zyx"
ids = st.binary(min_size=16, max_size=16)
generations = st.integers(0, 65535)


def site(folder: Path, site_secret: bytes = SITE_SECRET, **settings: object) -> Flask:
    app = make_app(folder, f"sqlite:///{folder}/not-needed.db", **settings)
    app.extensions[tokens.EXTENSION] = lambda: site_secret
    return app


@pytest.fixture(scope="module", autouse=True)
def _inside_the_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with site(tmp_path_factory.mktemp("tokens")).app_context():
        yield


def derived(purpose: str, key: str, site_secret: bytes) -> bytes:
    """Return the first 32 bytes of HKDF-SHA256, computed here step by step (RFC 5869, 2.2 and 2.3)."""
    extracted = hmac.digest(site_secret, key.encode(), "sha256")
    return hmac.digest(extracted, f"countersign.token {purpose}".encode() + b"\x01", "sha256")


def signed(body: bytes, purpose: str = "confirm", key: str = OLD, site_secret: bytes = SITE_SECRET) -> str:
    """Return what itsdangerous itself makes of `body` for this purpose with these keys."""
    made_of = derived(purpose, key, site_secret)
    signer = Signer(made_of, salt=f"countersign.{purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.sign(body).decode()


def body(public_id: bytes, generation: int = 0) -> bytes:
    return base64.urlsafe_b64encode(public_id + generation.to_bytes(2, "big"))


def assert_refused(token: str) -> None:
    with pytest.raises(BadToken):
        tokens.read_token(Purpose.CONFIRM, token)


@given(ids, generations)
def test_reading_a_token_returns_its_id_and_generation(public_id: bytes, generation: int) -> None:
    token = tokens.make_token(Purpose.CONFIRM, public_id, generation)
    assert tokens.read_token(Purpose.CONFIRM, token) == (public_id, generation)


@given(ids, generations)
def test_all_tokens_have_the_same_length_and_need_no_quoting_in_a_path(public_id: bytes, generation: int) -> None:
    token = tokens.make_token(Purpose.CONFIRM, public_id, generation)
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}\.[A-Za-z0-9_-]{43}", token)


def test_a_token_with_one_character_changed_added_or_removed_is_refused() -> None:
    token = tokens.make_token(Purpose.CONFIRM, os.urandom(16))
    for at in range(len(token) + 1):
        for character in string.printable:
            if character != token[at : at + 1]:
                assert_refused(token[:at] + character + token[at + 1 :])
            assert_refused(token[:at] + character + token[at:])
        if at < len(token):
            assert_refused(token[:at] + token[at + 1 :])


edits = st.lists(
    st.tuples(st.sampled_from(["replace", "insert", "delete", "swap"]), st.integers(0, 80), st.characters()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=500)
@given(ids, generations, edits)
def test_an_edited_token_is_refused(public_id: bytes, generation: int, changes: list[tuple[str, int, str]]) -> None:
    token = tokens.make_token(Purpose.CONFIRM, public_id, generation)
    letters = list(token)
    for kind, where, character in changes:
        at = where % (len(letters) or 1)
        match kind:
            case "insert":
                letters.insert(at, character)
            case "replace":
                letters[at : at + 1] = [character]
            case "delete":
                letters[at : at + 1] = []
            case "swap":
                letters[at : at + 2] = reversed(letters[at : at + 2])
    edited = "".join(letters)
    assume(edited != token)
    assert_refused(edited)


@given(ids, ids)
def test_halves_of_two_tokens_put_together_are_refused(one: bytes, other: bytes) -> None:
    assume(one != other)
    first, second = tokens.make_token(Purpose.CONFIRM, one), tokens.make_token(Purpose.CONFIRM, other)
    assert_refused(first.partition(".")[0] + "." + second.partition(".")[2])
    assert_refused(first + second)


@given(st.text(max_size=90))
def test_random_text_is_refused(text: str) -> None:
    assert_refused(text)


def test_a_token_for_another_purpose_is_refused() -> None:
    public_id = os.urandom(16)
    assert tokens.read_token(Purpose.CONFIRM, signed(body(public_id))) == (public_id, 0)
    for purpose in ("entry", "not-me", "", "confirm "):
        assert_refused(signed(body(public_id), purpose))


def test_a_token_made_of_one_of_the_two_secrets_alone_is_refused() -> None:
    content = body(os.urandom(16))
    assert_refused(signed(content, key="another-key-of-somebody-who-has-the-database-only"))
    assert_refused(signed(content, site_secret=bytes(32)))
    for key in (OLD.encode(), SITE_SECRET):
        signer = Signer(key, salt="countersign.confirm", key_derivation="hmac", digest_method=hashlib.sha256)
        assert_refused(signer.sign(content).decode())


def test_each_purpose_has_a_key_of_its_own() -> None:
    for purpose in Purpose:
        opening = {
            other for other in Purpose if signed(body(bytes(16)), other) == tokens.make_token(purpose, bytes(16))
        }
        assert opening == {purpose}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        base64.urlsafe_b64encode(bytes(17)),
        base64.urlsafe_b64encode(bytes(19)),
        base64.urlsafe_b64encode(bytes(36)),
        b"not base64!",
        b"A",
    ],
)
def test_a_signed_token_without_an_id_and_a_generation_is_refused(content: bytes) -> None:
    assert_refused(signed(content))


def test_a_new_key_signs_and_the_old_ones_still_open(tmp_path: Path) -> None:
    public_id = os.urandom(16)
    in_old_letters = [signed(body(public_id, 7), key=OLD), signed(body(public_id, 7), key=OLDEST)]
    with site(tmp_path, SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLD, OLDEST]).app_context():
        for token in in_old_letters:
            assert tokens.read_token(Purpose.CONFIRM, token) == (public_id, 7)
        fresh = tokens.make_token(Purpose.CONFIRM, public_id, 7)
    assert fresh == signed(body(public_id, 7), key=NEW)
    with site(tmp_path, SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[]).app_context():
        assert tokens.read_token(Purpose.CONFIRM, fresh) == (public_id, 7)
        for token in in_old_letters:
            assert_refused(token)


def test_a_keyed_hash_differs_by_message_by_purpose_and_by_site(tmp_path: Path) -> None:
    here = tokens.keyed_hash("mailbox", "ann@example.org")
    assert len(here) == 32
    assert here == tokens.keyed_hash("mailbox", "ann@example.org")
    assert here != tokens.keyed_hash("mailbox", "eve@example.org")
    assert here != tokens.keyed_hash("other", "ann@example.org")
    assert current_app.config["SECRET_KEY"] == OLD
    for folder, other in (("key", {"SECRET_KEY": NEW}), ("secret", {"site_secret": bytes(32)})):
        with site(tmp_path / folder, **other).app_context():  # type: ignore[arg-type]
            assert here != tokens.keyed_hash("mailbox", "ann@example.org")


@given(st.binary(min_size=1, max_size=40), ids)
def test_a_concealed_value_is_revealed_only_for_its_purpose_and_row(content: bytes, row: bytes) -> None:
    concealed = tokens.conceal("place", row, content)
    assert re.fullmatch(r"[\w-]+", concealed)
    assert tokens.conceal("place", row, content) == concealed
    assert tokens.reveal("place", row, concealed) == content
    for purpose, about in (("another", row), ("place", row + b"x")):
        with pytest.raises(BadToken):
            tokens.reveal(purpose, about, concealed)


def test_a_concealed_value_has_one_encoding() -> None:
    concealed = tokens.conceal("place", bytes(16), b"here")
    last = {concealed[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}
    for other in {concealed + "!", concealed + "=", ".".join(concealed), *last} - {concealed}:
        with pytest.raises(BadToken):
            tokens.reveal("place", bytes(16), other)


@given(st.text(max_size=80))
def test_random_text_reveals_nothing(text: str) -> None:
    with pytest.raises(BadToken):
        tokens.reveal("place", bytes(16), text)


def test_a_value_concealed_with_an_earlier_secret_key_is_revealed(tmp_path: Path) -> None:
    concealed = tokens.conceal("place", bytes(16), b"here")
    with site(tmp_path / "new", SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLDEST, OLD]).app_context():
        assert tokens.conceal("place", bytes(16), b"here") != concealed
        assert tokens.reveal("place", bytes(16), concealed) == b"here"
    with site(tmp_path / "other", SECRET_KEY=NEW).app_context(), pytest.raises(BadToken):
        tokens.reveal("place", bytes(16), concealed)
