"""Words that people know stand where words of the trade did, on the pages and in the Swedish translation."""

import pytest

from tests.structure.test_translations import catalogue

WITHDRAWING = (
    "Your name, address and all that you said are erased at once, and the count goes down by one."
    " Nobody can bring it back; you can sign again."
)


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    """Return what is said in English, and how in Swedish; of a number, the first forms."""
    pairs = ((message.id, message.string) for message in catalogue("sv"))
    return dict(pair if isinstance(pair[0], str) else (pair[0][0], pair[1][0]) for pair in pairs)


@pytest.mark.parametrize(
    "words",
    [
        "Hand over / export",
        "Block e-mail domains",
        "throw-away e-mail providers",
        "arrived suspiciously fast",
        "stored encrypted",
        "your name is left out",
        "Typically %(median)s",
        "Paper and other signatures",
        "You are owner",
    ],
)
def test_pages_say(messages: dict[str, str], words: str) -> None:
    assert [source for source in messages if words in source]


@pytest.mark.parametrize("words", ["burst", "disposable", "net change", "the operator"])
def test_pages_do_not_say(messages: dict[str, str], words: str) -> None:
    assert not [source for source in messages if words in source.lower()]


@pytest.mark.parametrize(
    ("source", "swedish"),
    [
        ("What for", "Ändamål"),
        (WITHDRAWING, "antalet minskar"),
        ("Add an initiator", "initiativtagare"),
        ("Initiators", "Initiativtagare"),
    ],
)
def test_swedish_says(messages: dict[str, str], source: str, swedish: str) -> None:
    assert swedish in messages[source]
