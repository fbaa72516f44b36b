"""Writing a petition file: reading it again gives the same values."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models import Visibility
from app.petition_files.content import NEEDED_FOR_DRAFT, NO_LABELS, PetitionFile
from app.petition_files.file import parse_petition_file
from app.petition_files.translations import blank_translation, without_idle_words
from app.petition_files.write import write_petition_file

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r" + "".join(map(chr, range(9))) + "\x0b\x0c"
                           + "".join(map(chr, range(14, 32))))  # fmt: skip
NASTY = st.sampled_from(
    ["+++", "\n+++\n", '"', '"""', "'''", "\\", "\\n", "\n\n", "\t", "#", "]", "a = 1", "\x7f", "é"]
)


def texts(most: int = 60) -> st.SearchStrategy[str]:
    parts = st.lists(NASTY | st.text(CHARACTERS, max_size=8), max_size=8).map("".join)
    return parts.map(lambda text: text.strip()[:most].strip())


def lines() -> st.SearchStrategy[str]:
    return texts().map(lambda text: text.replace("\n", " ").strip()).filter(bool)


SAID = texts().filter(bool)
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))
CHOICES = st.sampled_from(["required", "optional", "off"])
URLS = st.sampled_from(["", "https://times.example/a?b=%22", "http://times.example"])
INITIATORS = st.fixed_dictionaries(
    {"name": lines(), "affiliation": st.just("") | lines(), "country": st.sampled_from(["", "SE"])}
)
DONATIONS = st.fixed_dictionaries(
    {
        "recipient": lines(),
        "iban": st.just("DE89370400440532013000"),
        "currency": st.sampled_from(["", "EUR"]),
        "bank": st.just("") | lines(),
        "note": texts(),
    }
)
LINKS = st.fixed_dictionaries({"title": lines(), "source": st.just("") | lines(), "url": URLS})
ELSEWHERE = st.fixed_dictionaries({"count": st.just(0) | st.integers(0, 2_000_000_000), "source": lines(), "url": URLS})
LABELS = st.fixed_dictionaries(dict.fromkeys(NO_LABELS, st.just("") | lines()))
FILES = st.builds(
    PetitionFile,
    slug=st.from_regex("[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}", fullmatch=True).filter(
        lambda s: s not in {"new", "import"}
    ),
    language=st.sampled_from(["en", "ru", "ar"]),
    title=lines(),
    started_by=lines(),
    statement=SAID,
    addressed_to=SAID,
    contact=lines(),
    erase_after_days=st.integers(1, 3650),
    controller=st.fixed_dictionaries({"name": lines(), "address": SAID, "email": st.just("office@example.org")}),
    body=texts(400),
    fields=st.fixed_dictionaries({"affiliation": CHOICES, "country": CHOICES, "comment": CHOICES}),
    started_on=st.none() | DAYS,
    goal=st.none() | st.integers(1, 2_000_000_000),
    closes_on=st.none() | DAYS,
    discreet=st.booleans(),
    default_visibility=st.none() | st.sampled_from(list(Visibility)),
    privacy=texts(),
    thanks=texts(),
    outcome=texts(),
    outcome_on=st.none() | DAYS,
    labels=LABELS,
    initiators=st.lists(INITIATORS, max_size=3).map(tuple),
    donations=st.lists(DONATIONS, max_size=2).map(tuple),
    links=st.lists(LINKS, max_size=2).map(tuple),
    elsewhere=st.none() | ELSEWHERE,
)


@st.composite
def translated(draw: st.DrawFn) -> PetitionFile:
    """Return a file with translations of what it says."""
    file = draw(FILES)
    made = []
    for language in draw(st.lists(st.sampled_from(["sv", "de", "pt-BR"]), max_size=3, unique=True)):
        phrases = [phrase for found in file.phrases().values() for phrase in found if draw(st.booleans())]
        made.append(
            {
                "language": language,
                "title": draw(lines()),
                "statement": draw(SAID),
                "body": draw(texts()),
                "addressed_to": draw(texts()),
                "privacy": draw(texts()),
                "thanks": draw(texts()),
                "outcome": draw(texts()),
                "labels": draw(LABELS),
                "words": {phrase: draw(lines()) for phrase in phrases},
            }
        )
    return without_idle_words(replace(file, translations=tuple(made)))


@pytest.mark.slow
@settings(max_examples=100)
@given(translated())
def test_reading_a_written_file_gives_the_same_values(file: PetitionFile) -> None:
    assert parse_petition_file(write_petition_file(file).encode(), "petition.md") == file


def test_a_draft_with_few_values_can_be_written_and_read() -> None:
    draft = PetitionFile("a", "en", "Title", controller={"name": "Club", "address": "", "email": ""})
    assert parse_petition_file(write_petition_file(draft).encode(), "petition.md", NEEDED_FOR_DRAFT) == draft
    assert draft.missing() == ["started_by", "statement", "addressed_to", "contact", "erase_after_days", "controller"]


def test_a_written_file_is_well_readable() -> None:
    file = PetitionFile("a", "en", "Title", statement="One.\n\nTwo.", discreet=True, body="**Why**", goal=500)
    assert write_petition_file(file) == (
        '+++\nslug = "a"\nlanguage = "en"\ntitle = "Title"\ngoal = 500\ndiscreet = true\n'
        'statement = """\nOne.\n\nTwo.\n"""\n\n'
        '[fields]\naffiliation = "optional"\ncountry = "required"\ncomment = "optional"\n+++\n**Why**\n'
    )


def test_translated_words_stand_beside_the_petitions_own() -> None:
    note = 'For all.\n"For lawyers"'
    words = {"For all": "För alla", note: "..."}
    translation = {**blank_translation("sv"), "title": "Titel", "statement": "Vi kräver.", "words": words}
    donation = {"recipient": "Club", "iban": "DE89370400440532013000", "currency": "", "bank": "", "note": note}
    links = ({"title": "For all", "source": "", "url": ""},)
    file = PetitionFile("a", "en", "Title", links=links, donations=(donation,), translations=(translation,))
    written = write_petition_file(file)
    assert '[translations.words]\n"For all" = "För alla"\n' in written
    assert parse_petition_file(written.encode(), "petition.md", NEEDED_FOR_DRAFT) == file
