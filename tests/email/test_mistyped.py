"""Domains that are one slip from a common provider's are asked about, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.email.domain import PUBLIC_PROVIDERS
from app.email.mistyped import COMMON, _is_one_slip, probably_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmal.com", "gmail.com"),
        ("gmial.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("hotnail.com", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("GMAL.com", "gmail.com"),
    ],
)
def test_one_slip_is_seen(typed: str, meant: str) -> None:
    assert probably_meant(f"Ann.Example@{typed}") == f"Ann.Example@{meant}"


@pytest.mark.parametrize(
    "right", ["gmail.com", "ymail.com", "mail.com", "email.com", "example.org", "gmbh.com", "gmaiil.cmo", "yahoo.co.jp"]
)
def test_other_domains_are_not_asked_about(right: str) -> None:
    assert probably_meant(f"ann@{right}") is None


def test_every_common_provider_is_a_known_one() -> None:
    assert set(COMMON) <= PUBLIC_PROVIDERS


WORDS = st.text("abc.", min_size=1, max_size=6)


@given(WORDS, WORDS)
def test_a_slip_is_a_distance_of_one(typed: str, meant: str) -> None:
    letters = "abc."
    gaps = range(len(meant) + 1)
    slips = {meant[:at] + letter + meant[at:] for at in gaps for letter in letters}
    slips |= {meant[:at] + meant[at + 1 :] for at in gaps if at < len(meant)}
    slips |= {meant[:at] + letter + meant[at + 1 :] for at in gaps if at < len(meant) for letter in letters}
    slips |= {meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :] for at in range(len(meant) - 1)}
    assert _is_one_slip(typed, meant) == (typed in slips - {meant})
