"""Unicode's normal forms: as Python's own, but for piles of marks that no language has."""

import unicodedata

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.normal_form import MAX_PILE, normalized
from tests.factories import SLUG

MARKS = "\u0301\u0323\u0344\u05b0\u0e49"


@given(st.text(st.sampled_from(f"aeß가ﬁ{MARKS} "), max_size=40), st.sampled_from(["NFC", "NFKD"]))
def test_it_is_pythons_own(text: str, form: str) -> None:
    if not any(mark * 8 in text for mark in MARKS):
        assert normalized(form, text[: MAX_PILE - 1]) == unicodedata.normalize(form, text[: MAX_PILE - 1])  # type: ignore[arg-type]


@given(st.integers(0, 5_000), st.text(st.sampled_from(MARKS), min_size=1, max_size=3))
def test_of_a_pile_only_the_first_marks_are_put_in_order(number: int, marks: str) -> None:
    piled = "a" + (marks * number)
    assert normalized("NFC", piled) == unicodedata.normalize("NFC", piled[: MAX_PILE + 1])


@pytest.mark.parametrize("path", [f"/petitions/{SLUG}/sign", f"/petitions/{SLUG}/my-signature"])
@pytest.mark.parametrize("field", ["name", "affiliation", "comment", "email"])
def test_a_form_of_marks_alone_is_answered_like_any_other_that_is_wrong(
    client: FlaskClient, petition: str, path: str, field: str
) -> None:
    body = f"{field}=a" + "\u0344" * 16_000 + "\u0323" * 15_000
    answer = client.post(path, data=body.encode(), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert len(answer.data) < 64 * 1024
