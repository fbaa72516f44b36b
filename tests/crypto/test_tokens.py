"""Tokens: one made for a purpose opens its row and nothing else; none that was edited opens anything."""

import base64
import hashlib
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

OLD = SECRETS["SECRET_KEY"]
NEW = "another-secret-for-tests-9876543210-abcd"
OLDEST = "the-first-secret-for-tests-5647382910-zyx"
ids = st.binary(min_size=16, max_size=16)
generations = st.integers(0, 65535)


def site(folder: Path, **settings: object) -> Flask:
    return make_app(folder, f"sqlite:///{folder}/not-needed.db", **settings)


@pytest.fixture(scope="module", autouse=True)
def _inside_the_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with site(tmp_path_factory.mktemp("tokens")).app_context():
        yield


def signed(body: bytes, salt: str = "countersign.confirm", key: str = OLD) -> str:
    """Return what itsdangerous itself makes of `body` with this salt and key."""
    return Signer(key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256).sign(body).decode()


def body(public_id: bytes, generation: int = 0) -> bytes:
    return base64.urlsafe_b64encode(public_id + generation.to_bytes(2, "big"))


def assert_opens_nothing(token: str) -> None:
    with pytest.raises(BadToken):
        tokens.read_token(Purpose.CONFIRM, token)


@settings(deadline=None)
@given(ids, generations)
def test_a_token_opens_what_it_was_made_for(public_id: bytes, generation: int) -> None:
    token = tokens.make_token(Purpose.CONFIRM, public_id, generation)
    assert tokens.read_token(Purpose.CONFIRM, token) == (public_id, generation)


@settings(deadline=None)
@given(ids, generations)
def test_every_token_is_as_long_as_any_other_and_needs_no_quoting_in_a_path(public_id: bytes, generation: int) -> None:
    token = tokens.make_token(Purpose.CONFIRM, public_id, generation)
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}\.[A-Za-z0-9_-]{43}", token)


def test_no_token_with_one_character_changed_added_or_left_out_opens() -> None:
    token = tokens.make_token(Purpose.CONFIRM, os.urandom(16))
    for at in range(len(token) + 1):
        for character in string.printable:
            if character != token[at : at + 1]:
                assert_opens_nothing(token[:at] + character + token[at + 1 :])
            assert_opens_nothing(token[:at] + character + token[at:])
        if at < len(token):
            assert_opens_nothing(token[:at] + token[at + 1 :])


edits = st.lists(
    st.tuples(st.sampled_from(["replace", "insert", "delete", "swap"]), st.integers(0, 80), st.characters()),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=500)
@given(ids, generations, edits)
def test_no_edited_token_opens(public_id: bytes, generation: int, changes: list[tuple[str, int, str]]) -> None:
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
    assert_opens_nothing(edited)


@settings(deadline=None)
@given(ids, ids)
def test_the_halves_of_two_tokens_open_nothing(one: bytes, other: bytes) -> None:
    assume(one != other)
    first, second = tokens.make_token(Purpose.CONFIRM, one), tokens.make_token(Purpose.CONFIRM, other)
    assert_opens_nothing(first.partition(".")[0] + "." + second.partition(".")[2])
    assert_opens_nothing(first + second)


@settings(deadline=None)
@given(st.text(max_size=90))
def test_no_text_opens(text: str) -> None:
    assert_opens_nothing(text)


def test_a_token_for_another_purpose_opens_nothing() -> None:
    public_id = os.urandom(16)
    assert tokens.read_token(Purpose.CONFIRM, signed(body(public_id))) == (public_id, 0)
    for salt in ("countersign.entry", "countersign.not-me", "countersign.", "confirm", "itsdangerous.Signer"):
        assert_opens_nothing(signed(body(public_id), salt))


def test_each_purpose_has_a_salt_of_its_own() -> None:
    for purpose in Purpose:
        opening = {
            other
            for other in Purpose
            if signed(body(bytes(16)), f"countersign.{other}") == tokens.make_token(purpose, bytes(16))
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
def test_even_signed_by_us_a_token_must_hold_an_id_and_a_generation(content: bytes) -> None:
    assert_opens_nothing(signed(content))


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
            assert_opens_nothing(token)


def test_a_keyed_hash_differs_by_message_by_purpose_and_by_site(tmp_path: Path) -> None:
    here = tokens.keyed_hash("mailbox", "ann@example.org")
    assert len(here) == 32
    assert here == tokens.keyed_hash("mailbox", "ann@example.org")
    assert here != tokens.keyed_hash("mailbox", "eve@example.org")
    assert here != tokens.keyed_hash("other", "ann@example.org")
    assert current_app.config["SECRET_KEY"] == OLD
    with site(tmp_path, SECRET_KEY=NEW).app_context():
        assert here != tokens.keyed_hash("mailbox", "ann@example.org")


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=40), ids)
def test_what_is_concealed_comes_out_for_its_purpose_and_row_alone(content: bytes, row: bytes) -> None:
    concealed = tokens.conceal("place", row, content)
    assert re.fullmatch(r"[\w-]+", concealed)
    assert tokens.conceal("place", row, content) == concealed
    assert tokens.reveal("place", row, concealed) == content
    for purpose, about in (("another", row), ("place", row + b"x")):
        with pytest.raises(BadToken):
            tokens.reveal(purpose, about, concealed)


def test_what_is_concealed_has_one_spelling() -> None:
    concealed = tokens.conceal("place", bytes(16), b"here")
    last = {concealed[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}
    for other in {concealed + "!", concealed + "=", ".".join(concealed), *last} - {concealed}:
        with pytest.raises(BadToken):
            tokens.reveal("place", bytes(16), other)


@given(st.text(max_size=80))
def test_what_nobody_concealed_reveals_nothing(text: str) -> None:
    with pytest.raises(BadToken):
        tokens.reveal("place", bytes(16), text)


def test_what_an_earlier_secret_key_concealed_still_comes_out(tmp_path: Path) -> None:
    concealed = tokens.conceal("place", bytes(16), b"here")
    with site(tmp_path / "new", SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[OLDEST, OLD]).app_context():
        assert tokens.conceal("place", bytes(16), b"here") != concealed
        assert tokens.reveal("place", bytes(16), concealed) == b"here"
    with site(tmp_path / "other", SECRET_KEY=NEW).app_context(), pytest.raises(BadToken):
        tokens.reveal("place", bytes(16), concealed)
