"""Reading petition files: a wrong one is refused with its name, the key, and what would be right."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.petition_files.content import NEEDED, PetitionFile
from app.petition_files.file import BadPetitionFile, read_petition_file
from app.petition_files.translations import blank_translation
from tests.factories import CONTROLLER, petition_file

FULL = """
[fields]
affiliation = "required"
country = "off"

[labels]
affiliation = "Your <b>trade</b>"

[[initiators]]
name = "Анна Пример"
affiliation = "Readers' Union"
country = "SE"

[[initiators]]
name = "Bo Example"
country = "sweden"

[[donations]]
recipient = "Test Library Club"
iban = "gb82 west 1234 5698 7654 32"
currency = "GBP"
bank = "Test Bank"
note = "For shelves"

[[donations]]
recipient = "Test Library Club"
iban = "DE89370400440532013000"

[[links]]
title = "A library in need"
source = "The Testville Times"
url = "https://times.example/library"

[[links]]
title = "On paper only"

[elsewhere]
count = 214
source = "On paper"

[[translations]]
language = "sv"
title = "Rädda testbiblioteket"
statement = "Vi ber staden."
addressed_to = "Teststadens fullmäktige"

[[translations]]
language = "de"
title = "Rettet die Bibliothek"
statement = "Wir bitten die Stadt."
body = "Bücher."
privacy = "Mehr."
thanks = "Danke!"
outcome = "Sie bleibt."

[translations.labels]
affiliation = "Ihr Beruf"

[translations.words]
"Readers' Union" = "Leserverband"
"For shelves" = "Für Regale"
"A library in need" = "Bibliothek in Not"
"On paper" = "Auf Papier"
"Friends of the Test Library" = "Freunde der Testbibliothek"
"""


def read_text(folder: Path, text: str | bytes) -> PetitionFile:
    path = folder / "petition.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_petition_file(path)


def refusal(folder: Path, text: str | bytes) -> str:
    """Return the error message for this file, without the file's name at its beginning."""
    with pytest.raises(BadPetitionFile) as refused:
        read_text(folder, text)
    words, name = str(refused.value), f"{folder / 'petition.md'}: "
    assert words.startswith(name)
    assert "\n" not in words
    return words.removeprefix(name)


def test_a_file_with_every_key_is_read(tmp_path: Path) -> None:
    front = {"started_on": "2026-11-01", "goal": "500", "closes_on": "2027-01-31", "discreet": "true"}
    front |= {
        "default_visibility": '"public"',
        "thanks": '"Please **give**."',
        "outcome": '"It stays."',
        "outcome_on": "2027-02-28",
    }
    assert read_text(
        tmp_path, petition_file("Books.\n\nMore.", FULL, **front, privacy='"More *here*."')
    ) == PetitionFile(
        slug="save-the-test-library",
        language="en",
        title="Save the test library",
        started_by="Friends of the Test Library",
        statement="We ask the town to keep the test library open.",
        addressed_to="The Town Council of Testville",
        contact="library@example.org",
        erase_after_days=90,
        controller={"name": "Test Library Club", "address": "1 Test Street, Testville", "email": "data@example.org"},
        body="Books.\n\nMore.",
        fields={"affiliation": "required", "country": "off", "comment": "optional"},
        started_on=date(2026, 11, 1),
        goal=500,
        closes_on=date(2027, 1, 31),
        discreet=True,
        default_visibility="public",
        privacy="More *here*.",
        initiators=(
            {"name": "Анна Пример", "affiliation": "Readers' Union", "country": "SE"},
            {"name": "Bo Example", "affiliation": "", "country": "SE"},
        ),
        donations=(
            {
                "recipient": "Test Library Club",
                "iban": "GB82WEST12345698765432",
                "currency": "GBP",
                "bank": "Test Bank",
                "note": "For shelves",
            },
            {
                "recipient": "Test Library Club",
                "iban": "DE89370400440532013000",
                "currency": "",
                "bank": "",
                "note": "",
            },
        ),
        links=(
            {"title": "A library in need", "source": "The Testville Times", "url": "https://times.example/library"},
            {"title": "On paper only", "source": "", "url": ""},
        ),
        elsewhere={"count": 214, "source": "On paper", "url": ""},
        thanks="Please **give**.",
        outcome="It stays.",
        outcome_on=date(2027, 2, 28),
        labels={"affiliation": "Your <b>trade</b>", "country": "", "comment": ""},
        translations=(
            {
                **blank_translation("sv"),
                "title": "Rädda testbiblioteket",
                "statement": "Vi ber staden.",
                "addressed_to": "Teststadens fullmäktige",
            },
            {
                "language": "de",
                "title": "Rettet die Bibliothek",
                "statement": "Wir bitten die Stadt.",
                "body": "Bücher.",
                "addressed_to": "",
                "privacy": "Mehr.",
                "thanks": "Danke!",
                "outcome": "Sie bleibt.",
                "labels": {"affiliation": "Ihr Beruf", "country": "", "comment": ""},
                "words": {
                    "Readers' Union": "Leserverband",
                    "For shelves": "Für Regale",
                    "A library in need": "Bibliothek in Not",
                    "On paper": "Auf Papier",
                    "Friends of the Test Library": "Freunde der Testbibliothek",
                },
            },
        ),
    )


SWEDISH = '[[translations]]\nlanguage = "sv"\ntitle = "Titel"\nstatement = "Vi ber."\n'
NOTHING = "has nothing to translate: the petition itself does not say this."


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ('thanks = "Tack"', "thanks"),
        ('outcome = "Klart"', "outcome"),
        ('privacy = "Mer"', "privacy"),
        ('[translations.labels]\ncountry = "Ursprungsland"', "labels.country"),
        ('[translations.words]\n"On papyrus" = "På papper"', "words.On papyrus"),
    ],
)
def test_a_translation_of_what_the_petition_does_not_say_is_refused(tmp_path: Path, more: str, place: str) -> None:
    assert refusal(tmp_path, petition_file(tables=SWEDISH + more)) == f"translations[1].{place}: {NOTHING}"


@pytest.mark.parametrize(
    ("table", "right"),
    [
        (f'[labels]\ncountry = "{"x" * 101}"', "labels.country: must have at most 100 characters; it has 101."),
        ('[labels]\ncountry = "a\\nb"', "labels.country: must be on one line."),
        ('[labels]\nname = "Who?"', "labels.name: is not known here. Known are: affiliation, country, comment."),
        (
            f'{SWEDISH}[translations.words]\n"Friends of the Test Library" = "a\\nb"',
            "translations[1].words.Friends of the Test Library: must be on one line.",
        ),
        (
            f'{SWEDISH}words = "all"',
            "translations[1].words: must be a table, with the petition's own words before each =.",
        ),
    ],
)
def test_labels_and_translated_words_are_held_to_their_rules(tmp_path: Path, table: str, right: str) -> None:
    assert refusal(tmp_path, petition_file(tables=table)) == right


def test_optional_keys_have_defaults(tmp_path: Path) -> None:
    file = read_text(tmp_path, petition_file())
    assert file.fields == {"affiliation": "optional", "country": "required", "comment": "optional"}
    assert (file.started_on, file.goal, file.closes_on, file.discreet, file.privacy) == (None, None, None, False, "")
    assert file.default_visibility is None
    assert (file.initiators, file.donations, file.links, file.elsewhere) == ((), (), (), None)


@pytest.mark.parametrize("written", ["body with **marks**", "", "\n\n+++ is no end here\n\n", "tail\n+++\nmore"])
def test_everything_below_the_second_line_of_pluses_is_the_body(tmp_path: Path, written: str) -> None:
    assert read_text(tmp_path, petition_file(written)).body == written.strip()


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_line_breaks_and_byte_order_marks_of_any_editor_are_accepted(
    tmp_path: Path, line_break: str, mark: str
) -> None:
    front = {"privacy": '"More."', "thanks": '"Thanks."', "outcome": '"It stays."'}
    text = petition_file("One.\n\nTwo.", FULL, **front, statement='"""We ask\nthe town."""')
    file = read_text(tmp_path, mark + text.replace("\n", line_break))
    assert file == read_text(tmp_path, text)
    assert file.statement == "We ask\nthe town."


def test_trailing_spaces_and_a_missing_final_line_break_are_accepted(tmp_path: Path) -> None:
    assert read_text(tmp_path, petition_file("").replace("+++", "+++ \t").rstrip("\n")).body == ""


@pytest.mark.parametrize(
    "text",
    ["", "+++", "+++\n", "slug = 'x'", "# A heading\n", "\n" + petition_file(), "++++\n" + petition_file()[4:],
     petition_file().replace("\n+++\n", "\n"), "---\nslug: x\n---\n"],
)  # fmt: skip
def test_a_file_without_front_matter_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).startswith("+++: the file must begin with a line +++, then TOML")


NO_TOML = {
    "no value": "slug",
    "bare word": "slug = free",
    "twice": 'slug = "a"\nslug = "b"',
    "deep": "x = " + "[" * 5000,
    "two kinds": '[[a]]\n[a]\nb = "c"',
    "long number": "goal = " + "9" * 5000,
}


@pytest.mark.parametrize("front", NO_TOML.values(), ids=NO_TOML)
def test_front_matter_that_is_not_toml_is_refused(tmp_path: Path, front: str) -> None:
    assert refusal(tmp_path, f"+++\n{front}\n+++\n").startswith("between the +++ lines there must be TOML: ")


ENDLESS = {
    "bare": "a" + ".a" * 500_000 + " = 1",
    "quoted": "[" + "'a' . " * 200_000 + "a]",
    "inline": "x = {" + "a." * 200_000 + "a=1}",
    "with a sign of its own in quotes": "a." * 20_000 + '"!" = 1',
    "parted by equal signs in quotes": ("a." * 90 + '"=".') * 220 + "b = 1",
    "parted by brackets in other quotes": "".join(f"a.'{sign}'." for sign in "[]{},=#" * 3_000) + "b = 1",
    "many keys": "[" + "a." * 100 + "a]\n" + "\n".join("a." * 100 + f"k{i} = 1" for i in range(3_000)),
    "behind a long text": 'title = """a.b.c.d\\"""e."\n"""\n' + "a." * 20_000 + "b = 1",
    "behind a comment": '# a quote: "\n' + "a." * 20_000 + "b = 1",
}


@pytest.mark.parametrize("front", ENDLESS.values(), ids=ENDLESS)
def test_a_key_with_very_many_dots_is_refused_quickly(tmp_path: Path, front: str) -> None:
    assert "too many dots" in refusal(tmp_path, f"+++\n{front}\n+++\n")


def test_dots_in_texts_are_no_keys(tmp_path: Path) -> None:
    dots = "a.b.c.d.e, or [x.y.z.w] = {1.2.3.4}"
    front = {"title": f'"{dots}"', "started_by": f"'{dots}'", "statement": f'"""\n{dots}\n# {dots}"""'}
    file = read_text(tmp_path, petition_file(**front))
    assert (file.title, file.started_by, file.statement) == (dots, dots, f"{dots}\n# {dots}")


@pytest.mark.parametrize("text", [b"\xff\xfe+\0+\0", petition_file("Bücher").encode("latin-1"), b"\x80"])
def test_a_file_in_another_encoding_is_refused(tmp_path: Path, text: bytes) -> None:
    assert refusal(tmp_path, text) == "the file must be text in UTF-8."


def test_control_characters_in_the_body_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, petition_file("Bo\0oks")) == "the Markdown below +++: must not hold control characters."


def test_a_body_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert "at most 100000 characters; it has 100001" in refusal(tmp_path, petition_file("x" * 100_001))


@pytest.mark.parametrize("key", NEEDED)
def test_a_missing_required_key_is_refused(tmp_path: Path, key: str) -> None:
    text = petition_file(controller="") if key == "controller" else petition_file(**{key: ""})
    assert refusal(tmp_path, text) == f"{key}: is missing, and must be given."


def test_exactly_these_keys_are_required() -> None:
    assert sorted(NEEDED) == [
        "addressed_to", "contact", "controller", "erase_after_days", "language", "slug", "started_by", "statement",
        "title",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ('[[initiators]]\naffiliation = "Union"', "initiators[1].name"),
        ('[[initiators]]\nname = "Ann"\n[[initiators]]\n', "initiators[2].name"),
        ('[[donations]]\niban = "DE89370400440532013000"', "donations[1].recipient"),
        ('[[donations]]\nrecipient = "Club"', "donations[1].iban"),
        ('[[links]]\nurl = "https://times.example/"', "links[1].title"),
        ("[elsewhere]\ncount = 3", "elsewhere.source"),
        ('[elsewhere]\nsource = "On paper"', "elsewhere.count"),
    ],
)
def test_a_missing_required_key_in_a_table_is_refused(tmp_path: Path, tables: str, key: str) -> None:
    assert refusal(tmp_path, petition_file(tables=tables)) == f"{key}: is missing, and must be given."


@pytest.mark.parametrize("key", ["name", "address", "email"])
def test_every_key_of_the_controller_is_required(tmp_path: Path, key: str) -> None:
    controller = "".join(line for line in CONTROLLER.splitlines(keepends=True) if not line.startswith(key))
    assert (
        refusal(tmp_path, petition_file(controller=controller)) == f"controller.{key}: is missing, and must be given."
    )


@pytest.mark.parametrize(
    ("text", "key", "known"),
    [
        (petition_file(titel='"x"'), "titel", "title"),
        (petition_file(Slug='"x"'), "Slug", "slug"),
        (petition_file(controller=CONTROLLER + 'phone = "1"\n'), "controller.phone", "email"),
        (petition_file(tables='[fields]\nname = "off"'), "fields.name", "affiliation"),
        (
            petition_file(tables='[[initiators]]\nname = "x"\n[[initiators]]\nrole = "x"'),
            "initiators[2].role",
            "country",
        ),
        (petition_file(tables='[[donations]]\nswift = "x"'), "donations[1].swift", "iban"),
        (petition_file(tables='[[links]]\nhref = "x"'), "links[1].href", "url"),
        (petition_file(tables="[elsewhere]\ntotal = 1"), "elsewhere.total", "count"),
        (petition_file(tables='[[signers]]\nname = "x"'), "signers", "initiators"),
    ],
)
def test_an_unknown_key_is_refused_and_the_known_ones_are_listed(
    tmp_path: Path, text: str, key: str, known: str
) -> None:
    words = refusal(tmp_path, text)
    assert words.startswith(f"{key}: is not known here. Known are: ")
    assert known in words.partition("Known are: ")[2].rstrip(".").split(", ")


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.binary(max_size=60))
def test_random_files_are_refused_without_other_errors(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert refusal(folder, content)
    if isinstance(content, str):
        assert refusal(folder, f"+++\n{content}\n+++\n")
