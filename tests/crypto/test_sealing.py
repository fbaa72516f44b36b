"""Sealing: a value opens only for its own row and purpose, and its length shows almost nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from app.crypto.sealing import HEAD, KEY_ID_BYTES, STEP, CannotOpen, key_id, seal, unseal
from tests.conftest import make_app

ROW = b"the row's own id"
TAG_BYTES = 16
EMPTY = ("", "", "", "")
FITS_ONE_STEP = STEP - 34 - 2 * len(EMPTY)  # less the version, the salt, and the lengths of the fields
words = st.text(st.characters(exclude_categories=["Cs"]))
fields = st.lists(words, max_size=8).map(tuple)


def site(folder: Path, *keys: bytes) -> Flask:
    settings = {"DATA_KEYS": list(keys)} if keys else {}
    return make_app(folder, f"sqlite:///{folder}/not-needed.db", **settings)


@pytest.fixture(scope="module", autouse=True)
def _inside_the_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with site(tmp_path_factory.mktemp("sealing")).app_context():
        yield


def assert_does_not_open(sealed: bytes, purpose: str = "signature", row: bytes = ROW) -> None:
    with pytest.raises(CannotOpen):
        unseal(purpose, row, sealed)


@given(st.text("abcdefg-", min_size=1), st.binary(max_size=20), fields)
@example("signature", ROW, ())
@example("signature", ROW, ("Анна Пример", "a\0b", "שלום\n\nمرحبا", "👩‍👩‍👧"))
def test_unsealing_returns_what_was_sealed(purpose: str, row: bytes, said: tuple[str, ...]) -> None:
    assert unseal(purpose, row, seal(purpose, row, said)).fields == said


def test_a_field_has_a_maximum_length_and_is_never_cut() -> None:
    longest = "x" * 65_535
    assert unseal("signature", ROW, seal("signature", ROW, (longest, "after it"))).fields == (longest, "after it")
    with pytest.raises(OverflowError):
        seal("signature", ROW, (longest + "x",))


@given(st.lists(words, min_size=4, max_size=4).filter(lambda said: len("".join(said).encode()) <= FITS_ONE_STEP))
@example([*EMPTY[1:], "x" * FITS_ONE_STEP])
@example(["я" * (FITS_ONE_STEP // 2), "", "", ""])
def test_sealed_values_that_fit_one_step_have_the_same_length(said: list[str]) -> None:
    assert len(seal("signature", ROW, said)) == len(seal("signature", ROW, EMPTY))


@given(st.integers(0, 4000))
@example(FITS_ONE_STEP)
@example(FITS_ONE_STEP + 1)
def test_lengths_go_up_in_steps_of_256_bytes(length: int) -> None:
    steps = 1 + max(0, length - FITS_ONE_STEP + STEP - 1) // STEP
    assert len(seal("signature", ROW, (*EMPTY[1:], "x" * length))) == HEAD + steps * STEP + TAG_BYTES


def test_a_sealed_value_contains_no_plaintext() -> None:
    sealed = seal("signature", ROW, ("Ann Example", "Reader", "I read.", "ann@example.org"))
    for said in (b"Ann", b"Reader", b"I read", b"example.org"):
        assert said not in sealed


def test_sealing_the_same_value_twice_gives_different_bytes() -> None:
    one, other = seal("signature", ROW, EMPTY), seal("signature", ROW, EMPTY)
    assert one[HEAD:] != other[HEAD:]
    assert one[1 + KEY_ID_BYTES : HEAD] != other[1 + KEY_ID_BYTES : HEAD], "a nonce must never come twice"


def test_the_salt_is_random_unless_an_earlier_one_is_kept() -> None:
    one = unseal("signature", ROW, seal("signature", ROW, ("Ann",)))
    other = unseal("signature", ROW, seal("signature", ROW, ("Ann",)))
    assert len(one.salt) == 32
    assert one.salt != other.salt
    again = unseal("signature", ROW, seal("signature", ROW, ("Ann Example",), one.salt))
    assert (again.salt, again.fields) == (one.salt, ("Ann Example",))


@given(st.binary(min_size=16, max_size=16).filter(lambda row: row != ROW))
def test_a_sealed_value_does_not_open_in_another_row(other_row: bytes) -> None:
    assert_does_not_open(seal("signature", ROW, ("Ann",)), row=other_row)


def test_a_sealed_value_does_not_open_for_another_purpose() -> None:
    assert_does_not_open(seal("mailbox-key", ROW, ("Ann",)))
    assert_does_not_open(seal("sign", b"ature" + ROW, ("Ann",)))


def test_a_sealed_value_with_a_flipped_bit_does_not_open() -> None:
    sealed = seal("signature", ROW, ("Ann Example", "Reader", "I read.", "ann@example.org"))
    for at in range(len(sealed)):
        for bit in range(8):
            assert_does_not_open(sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :])


def test_a_cut_or_lengthened_sealed_value_does_not_open() -> None:
    sealed = seal("signature", ROW, ("Ann",))
    for length in range(len(sealed)):
        assert_does_not_open(sealed[:length])
    assert_does_not_open(sealed + b"\0")
    assert_does_not_open(sealed * 2)


@given(st.binary(max_size=400))
def test_random_bytes_do_not_open(made_up: bytes) -> None:
    assert_does_not_open(made_up)


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    old, new = os.urandom(32), os.urandom(32)
    with site(tmp_path, old).app_context():
        before = seal("signature", ROW, ("Ann",))
    with site(tmp_path, new, old).app_context():
        assert unseal("signature", ROW, before).fields == ("Ann",)
        after = seal("signature", ROW, ("Eve",))
    with site(tmp_path, new).app_context():
        assert unseal("signature", ROW, after).fields == ("Eve",)
        assert_does_not_open(before)
    assert after[1 : 1 + KEY_ID_BYTES] == key_id(new)


def test_when_the_key_is_missing_the_error_says_what_to_do(tmp_path: Path) -> None:
    sealed = seal("signature", ROW, ("Ann",))
    with (
        site(tmp_path, os.urandom(32)).app_context(),
        pytest.raises(CannotOpen, match=r"no key in DATA_KEYS.*put back the key that it was sealed with"),
    ):
        unseal("signature", ROW, sealed)


def test_another_key_with_the_same_name_opens_nothing(tmp_path: Path) -> None:
    sealed = seal("signature", ROW, ("Ann",))
    stranger = os.urandom(32)
    renamed = sealed[:1] + key_id(stranger) + sealed[1 + KEY_ID_BYTES :]
    with site(tmp_path, stranger).app_context():
        assert_does_not_open(renamed)
