"""Values in petition files: wrong ones are refused with their key and what would be right, right ones accepted."""

from pathlib import Path

import pytest

from tests.factories import CONTROLLER, petition_file
from tests.petition_files.test_file import read_text, refusal

TEXT = "must be a text in quotes, and not empty."
EMPTY = "must not be empty."
LINE = "must be on one line."
CONTROL = "must not hold control characters."
NUMBER = "must be a whole number from {} to {}."
DATE = "must be a date, such as 2026-11-23."
YES_OR_NO = "must be true or false, without quotes."
SLUG = "must be small letters a-z, digits and single hyphens, at most 80, such as free-the-books."
LANGUAGE = "must be a language tag, such as en, sv or pt-BR."
EMAIL = "must be an e-mail address, such as office@example.org."
COUNTRY = "must be a country's two letters (ISO 3166-1), such as SE."
CURRENCY = "must be a currency's three letters (ISO 4217), such as EUR."
IBAN = "is not an IBAN: its checksum does not fit. Please copy it again, whole."
URL = "must be a web address that begins with https:// or http://."
FIELD = "must be one of required, optional, off."
SEEN_BY = "must be one of public, delivery, organisers."
MOST = 2_000_000_000

NOT_A_TEXT = ["5", "true", "2026-11-23", '["x"]', '{x = "y"}']
NO_TEXT = ['""', '" \\t\\n "']
NOT_A_NUMBER = ["1.5", "1e3", "true", "-1", "inf", str(10**30), "[5]"]
NOT_A_DATE = [
    *("20261123", "2026-11-23T09:30:00", "2026-11-23T09:30:00Z", "09:30:00", "true"),
    *("1066-10-14", "9999-12-31"),
]
NOT_A_SLUG = [
    *('"Free-The-Books"', '"free the books"', '"free--books"', '"-free"', '"free-"', '"free_books"', '"böcker"'),
    *('"free/books"', '"../x"', '""', "5", f'"{"a" * 81}"', '"free\\n"'),
]
NOT_A_LANGUAGE = [
    *('""', '"xx"', '"english"', '"en_US"', '" en"', '"en-"', "5", "true", '["en"]', '"ca@valencia"', '"root"'),
    *('"en-US-POSIX"', '"../en"'),
]
NOT_AN_EMAIL = ['""', '"ann"', '"ann@localhost"', '"Ann <ann@example.org>"', "5", '["ann@example.org"]']
NOT_A_COUNTRY = ['"XX"', '"EU"', '"SWE"', '"Atlantis"', '" "', "5", '["SE"]']
NOT_A_CURRENCY = ['"eur"', '"€"', '"EURO"', '"XYZ"', "5", '["EUR"]']
NOT_AN_IBAN = [
    *('""', '"GB82 WEST 1234 5698 7654 33"', '"GB28 WEST 1234 5698 7654 32"', '"GB82WEST123456987654"', '"GB82"'),
    *('"12345678"', '"DE89 3704 0044 0532 0130 0O"', "5", '["DE89370400440532013000"]'),
]
NOT_A_URL = [
    *('"times.example"', '"//times.example"', '"ftp://times.example"', '"javascript:alert(1)"', '"https://"', '"/x"'),
    *('"https://["', '"https://two words.example/"', '"https://times.example/a\\nb"', '"data:text/html,x"', "5"),
]
ONE_LINE = {"title": 200, "started_by": 200, "contact": 254}
PARAGRAPHS = {"statement": 100_000, "addressed_to": 1000}


def wrong_front() -> list[tuple[str, str, str]]:
    return [
        *(("slug", value, SLUG) for value in NOT_A_SLUG),
        *(("language", value, LANGUAGE) for value in NOT_A_LANGUAGE),
        *((key, value, TEXT) for key in (*ONE_LINE, *PARAGRAPHS) for value in NOT_A_TEXT),
        *((key, value, EMPTY) for key in (*ONE_LINE, *PARAGRAPHS) for value in NO_TEXT),
        *((key, '"two\\nlines"', LINE) for key in ONE_LINE),
        *((key, '"two\\rlines"', LINE) for key in ONE_LINE),
        *((key, '"a\\u0000b"', CONTROL) for key in (*ONE_LINE, *PARAGRAPHS, "privacy")),
        *((key, '"a\\u001bb"', CONTROL) for key in (*ONE_LINE, *PARAGRAPHS, "privacy")),
        *(("privacy", value, TEXT) for value in ("5", "true", '["x"]')),
        *(("goal", value, NUMBER.format(1, MOST)) for value in (*NOT_A_NUMBER, "0", str(MOST + 1))),
        *(("erase_after_days", value, NUMBER.format(1, 3650)) for value in (*NOT_A_NUMBER, "0", "3651")),
        ("goal", '"500"', f"must be a whole number from 1 to {MOST}, without quotes."),
        ("closes_on", '"2026-11-23"', "must be a date without quotes, such as 2026-11-23."),
        *(("slug", value, "must be another one: this one is taken or reserved.") for value in ('"new"', '"import"')),
        *((key, value, DATE) for key in ("started_on", "closes_on") for value in NOT_A_DATE),
        *(("discreet", value, YES_OR_NO) for value in ('"true"', "1", "0", '"yes"', '""', "[true]")),
        *(("default_visibility", value, SEEN_BY) for value in ('"nobody"', '"Public"', '""', "true", '["public"]')),
        *((key, "5", f"must be written as [[{key}]], once for each.") for key in ("initiators", "donations", "links")),
        ("links", f"[{'{},' * 101}]", "may be there 100 times at most; it is there 101 times."),
        ("initiators", '["Ann"]', "must be a table with name, affiliation, country."),
        ("elsewhere", "5", "must be a table with count, source, url."),
        ("fields", '"optional"', "must be a table with affiliation, country, comment."),
    ]


def wrong_tables() -> list[tuple[str, str, str]]:
    """Return the name of a table, a line in it that is wrong, and what would be right."""
    return [
        *(("[fields]", f"{key} = {value}", FIELD) for key in ("affiliation", "country", "comment")
          for value in ('"yes"', '""', "true", "1", '["off"]', '"Required"')),
        *(("[[initiators]]", f"name = {value}", TEXT) for value in NOT_A_TEXT),
        *(("[[initiators]]", f"name = {value}", EMPTY) for value in NO_TEXT),
        *(("[[initiators]]", f"affiliation = {value}", TEXT) for value in ("5", "true")),
        ("[[initiators]]", 'affiliation = " "', EMPTY),
        *(("[[initiators]]", f"country = {value}", COUNTRY) for value in NOT_A_COUNTRY),
        *(("[[donations]]", f"recipient = {value}", TEXT) for value in NOT_A_TEXT),
        *(("[[donations]]", f"recipient = {value}", EMPTY) for value in NO_TEXT),
        *(("[[donations]]", f"iban = {value}", IBAN) for value in NOT_AN_IBAN),
        *(("[[donations]]", f"currency = {value}", CURRENCY) for value in NOT_A_CURRENCY),
        *(("[[donations]]", f"{key} = {value}", TEXT) for key in ("bank", "note") for value in ("5", "true")),
        *(("[[donations]]", f'{key} = " "', EMPTY) for key in ("bank", "note")),
        *(("[[links]]", f"title = {value}", TEXT) for value in NOT_A_TEXT),
        *(("[[links]]", f"title = {value}", EMPTY) for value in NO_TEXT),
        *(("[[links]]", f"source = {value}", TEXT) for value in ("5", "true")),
        ("[[links]]", 'source = " "', EMPTY),
        *(("[[links]]", f"url = {value}", URL) for value in NOT_A_URL),
        *(("[elsewhere]", f"count = {value}", NUMBER.format(0, MOST)) for value in (*NOT_A_NUMBER, str(MOST + 1))),
        *(("[elsewhere]", f"source = {value}", TEXT) for value in NOT_A_TEXT),
        *(("[elsewhere]", f"source = {value}", EMPTY) for value in NO_TEXT),
        *(("[elsewhere]", f"url = {value}", URL) for value in NOT_A_URL),
    ]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "right"), wrong_front())
def test_a_wrong_value_is_refused_with_what_would_be_right(tmp_path: Path, key: str, value: str, right: str) -> None:
    words = refusal(tmp_path, petition_file(**{key: value}))
    assert words.startswith(key) and words.endswith(f": {right}")


@pytest.mark.parametrize(("table", "line", "right"), wrong_tables())
def test_a_wrong_value_in_a_table_is_refused_with_its_place(tmp_path: Path, table: str, line: str, right: str) -> None:
    place = table.strip("[]") + ("[1]" if table.startswith("[[") else "")
    words = refusal(tmp_path, petition_file(tables=f"{table}\n{line}"))
    assert words == f"{place}.{line.partition(' = ')[0]}: {right}"


@pytest.mark.parametrize(
    ("key", "values", "right"),
    [
        ("name", [*NOT_A_TEXT, *NO_TEXT, '"two\\nlines"'], (TEXT, EMPTY, LINE)),
        ("address", [*NOT_A_TEXT, *NO_TEXT], (TEXT, EMPTY)),
        ("email", NOT_AN_EMAIL, (EMAIL,)),
    ],
)
def test_a_controller_that_nobody_could_reach_is_refused(
    tmp_path: Path, key: str, values: list[str], right: tuple[str, ...]
) -> None:
    others = "".join(line for line in CONTROLLER.splitlines(keepends=True) if not line.startswith(key))
    for value in values:
        words = refusal(tmp_path, petition_file(controller=f"{others}{key} = {value}\n"))
        assert words in {f"controller.{key}: {each}" for each in right}


@pytest.mark.parametrize(("key", "most"), [*ONE_LINE.items(), *PARAGRAPHS.items(), ("privacy", 100_000)])
def test_a_text_has_a_maximum_length(tmp_path: Path, key: str, most: int) -> None:
    assert len(getattr(read_text(tmp_path, petition_file(**{key: f'"{"ж" * most}"'})), key)) == most
    words = refusal(tmp_path, petition_file(**{key: f'"{"ж" * (most + 1)}"'}))
    assert words == f"{key}: must have at most {most} characters; it has {most + 1}."


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("slug", '"a"', "a"),
        ("slug", f'"{"a" * 80}"', "a" * 80),
        ("slug", '"2026-for-books-2"', "2026-for-books-2"),
        ("language", '"pt-br"', "pt-BR"),
        ("language", '"sv"', "sv"),
        ("language", '"sr-Latn"', "sr-Latn"),
        ("language", '"zh-tw"', "zh-Hant-TW"),
        ("language", '"es-419"', "es-419"),
        ("title", '"  Save it  "', "Save it"),
        ("title", '"שימרו על הספרייה"', "שימרו על הספרייה"),
        ("statement", '"one\\r\\ntwo"', "one\ntwo"),
        ("privacy", '""', ""),
        ("goal", str(MOST), MOST),
        ("erase_after_days", "3650", 3650),
        ("discreet", "false", False),
        ("initiators", "[]", ()),
    ],
)
def test_a_right_value_is_accepted(tmp_path: Path, key: str, value: str, meant: object) -> None:
    assert getattr(read_text(tmp_path, petition_file(**{key: value})), key) == meant


@pytest.mark.parametrize(
    ("written", "code"), [("SE", "SE"), ("se", "SE"), ("Sweden", "SE"), ("SVERIGE", "SE"), ("", "")]
)
def test_a_country_may_be_named_in_english_or_in_the_petitions_language(
    tmp_path: Path, written: str, code: str
) -> None:
    tables = f'[[initiators]]\nname = "Ann"\ncountry = "{written}"'
    (initiator,) = read_text(tmp_path, petition_file(tables=tables, language='"sv"')).initiators
    assert initiator["country"] == code
