"""The delivery as a PDF: its pages, names in every script, and characters that no font has."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace

import pypdf
import pypdfium2
import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st
from wtforms.validators import ValidationError

from app.export import pdf
from app.export.pdf_content import PdfContent, SignedText, text_sha256
from app.export.pdf_pages import PageRenderer
from app.signing import forms, validators
from app.typesetting import typeset
from app.typesetting.fonts import REPLACEMENT
from app.web import typed_text
from app.web.language import force_language


@dataclass(frozen=True)
class Line:
    number: int
    name: str = ""
    affiliation: str = ""
    country: str = ""
    comment: str = ""
    language: str = ""
    verified_at: datetime | str = ""
    visibility: str = "delivery"


ENGLISH = SignedText("en", 1, "Free the example", "We ask for its freedom.", "It is **held**.\n\n- since 2020\n")
RUSSIAN = SignedText("ru", 3, "Свободу примеру", "Мы требуем свободы.", "Его держат взаперти.")
DELIVERY = PdfContent(
    title="Free the example",
    language="en",
    started_by="The Example Committee",
    addressed_to="The Parliament of Example",
    count=12_345,
    made_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    texts=(ENGLISH, RUSSIAN),
    for_addressee=True,
    contact="mail@example.org",
)
LIST = 3  # the page after the title page and two texts
NAMES = {
    "Latin": "Żółć Example",
    "Vietnamese": "Nguyễn Văn Ví Dụ",
    "Cyrillic": "Борис Примеров",
    "Greek": "Ελένη Παραδείγματος",
    "Armenian": "Հայկ Օրինակյան",
    "Georgian": "გიორგი მაგალითი",
    "Arabic": "أحمد محمد المثالي",
    "Arabic with lam-alif": "الأردن لاله",
    "Persian": "محمد رضا پهلوی",
    "Urdu": "ڈاکٹر محمد اقبال",
    "Hebrew": "ישראל ישראלי",
    "Devanagari": "राम कुमार क्षत्रिय",
    "Bengali": "রহিম উদ্দিন",
    "Gurmukhi": "ਸਿੰਘ",
    "Tamil": "தமிழ் செல்வன்",
    "Telugu": "తెలుగు రామ",
    "Thai": "สมชาย ใจดี",
    "Ethiopic": "አበበ በቀለ",
    "simplified Han": "汉字王小明",
    "traditional Han": "臺灣陳大文",
    "Kana": "やまだ タロウ",
    "Hangul": "김철수",
}
# Scripts of OTHER_SCRIPTS: a name, and its font as it stands in the document.
OTHER_NAMES = {
    "NotoSerifTibetan": "བསྟན་འཛིན་རྒྱ་མཚོ",
    "NotoSansMongolian": "ᠮᠣᠩᠭᠣᠯ ᠪᠠᠲᠤ",
    "NotoSansThaana": "އިބްރާހީމް ނަޝީދު",
    "NotoSansNKo": "ߛߏߟߏߡߊߣߊ ߞߊ߲ߕߍ",
    "NotoSansTifinagh": "ⵎⴰⵙⵉⵏⵉⵙⵙⴰ",
    "NotoSansCherokee": "ᏎᏉᏯ ᏣᎳᎩ",
    "NotoSansJavanese": "ꦱꦸꦏꦂꦤꦺꦴ",
    "NotoSansAdlam": "𞤀𞤣𞤵𞤤𞤢𞤥 𞤄𞤢𞥄",
    "NotoSansMeeteiMayek": "ꯏꯔꯣꯝ ꯁꯔꯃꯤꯂꯥ",
    "NotoSansSyriac": "ܐܦܪܝܡ ܣܘܪܝܝܐ",
    "NotoSansYi": "ꆈꌠ ꁱꂷ",
    "NotoSansOlChiki": "ᱥᱟᱱᱛᱟᱲᱤ",
    "NotoSansOldItalic": "𐌀𐌁",
    "NotoSerifToto": "𞊒𞊪𞊒𞊪",
}


@pytest.fixture(scope="module")
def site() -> Flask:
    """An app with languages only: writing a PDF needs no database."""
    site = Flask(__name__)
    Babel(site)  # a new one: the site's needs catalogues
    return site


@contextmanager
def language_of(site: Flask, language: str = "en") -> Iterator[None]:
    with site.app_context(), force_language(language):
        yield


def written(site: Flask, lines: list[Line], delivery: PdfContent = DELIVERY, language: str = "en") -> bytes:
    with language_of(site, language):
        return pdf.write_volume(delivery, iter(lines), 1, 1, lambda _: None)


def pages(document: bytes) -> list[str]:
    """Return each page's text as Chrome's PDF viewer extracts it, with LF line ends."""
    with pypdfium2.PdfDocument(document) as opened:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in opened]


def test_the_title_page_describes_the_delivery(site: Flask) -> None:
    cover = pages(written(site, [Line(1, "Ann Example"), Line(2, "Bo Example")]))[0]
    for words in (
        *("Free the example", "The Example Committee", "The Parliament of Example", "12,345"),
        *("November 24, 2026, 09:30 UTC", "Volume 1 of 1", "Numbers 1 to 2", "English, version 1", ENGLISH.sha256()),
        *("Russian, version 3", RUSSIAN.sha256(), "Page 1 of 6", "mail@example.org"),
    ):
        assert words in cover
    assert REPLACEMENT not in cover


def test_each_signed_text_is_set_as_people_read_it_before_the_list(site: Flask) -> None:
    _, english, russian, *_ = pages(written(site, [Line(1, "Ann Example")]))
    for words in (ENGLISH.title, ENGLISH.statement, "It is held.", "• since 2020"):
        assert words in english
    assert "**" not in english
    for words in (RUSSIAN.title, RUSSIAN.statement, RUSSIAN.body):
        assert words in russian


def test_an_appendix_has_each_signed_text_as_it_was_written_with_its_hash(site: Flask) -> None:
    *_, english, russian = pages(written(site, [Line(1, "Ann Example")]))
    assert "Appendix" in english and "as it was written" in english
    for text, page in ((ENGLISH, english), (RUSSIAN, russian)):
        for words in (text.title, text.statement, *text.body.split("\n"), text.sha256()):
            assert words in page


def test_the_hash_can_be_recomputed() -> None:
    said = "Free the example\n\nWe ask for its freedom.\n\nIt is **held**.\n\n- since 2020\n"
    assert ENGLISH.sha256() == hashlib.sha256(said.encode()).hexdigest() == text_sha256(*said.split("\n\n", 2))


def test_the_list_has_number_name_affiliation_country_day_and_comment(site: Flask) -> None:
    line = Line(7, "Ann Example", "University of Example", "SE", "Because.", "en", datetime(2026, 11, 3, tzinfo=UTC))
    found = pages(written(site, [line]))[LIST]
    for words in ("7", "Ann Example", "University of Example", "Sweden", "Because.", "Nov 3, 2026", "Page 4 of 6"):
        assert words in found


@pytest.mark.parametrize("script", NAMES)
def test_a_name_is_found_in_its_own_script(everybody: str, script: str) -> None:
    assert NAMES[script] in everybody


@pytest.fixture(scope="module")
def everybody(site: Flask) -> str:
    return "\n".join(pages(written(site, [Line(n, name) for n, name in enumerate(NAMES.values(), 1)])))


@pytest.mark.parametrize(
    "script",
    [
        *("Latin", "Vietnamese", "Cyrillic", "Greek", "Armenian", "Georgian", "Thai", "Ethiopic"),
        *("Kana", "Hangul", "simplified Han", "traditional Han"),
    ],
)
def test_simple_programs_find_names_in_scripts_without_joining(site: Flask, script: str) -> None:
    document = pypdf.PdfReader(BytesIO(written(site, [Line(1, NAMES[script])])))
    assert NAMES[script] in document.pages[LIST].extract_text()


def test_every_character_of_these_scripts_is_drawn(everybody: str) -> None:
    assert REPLACEMENT not in everybody


@pytest.fixture(scope="module")
def all_others(site: Flask) -> bytes:
    return written(site, [Line(n, name) for n, name in enumerate(OTHER_NAMES.values(), 1)])


def fonts_in(document: bytes) -> set[str]:
    """Return the names of the fonts on the list's page."""
    listed = pypdf.PdfReader(BytesIO(document)).pages[LIST]["/Resources"]["/Font"].values()  # type: ignore[index]
    return {font.get_object()["/BaseFont"].split("+")[-1].split("-")[0] for font in listed}


@pytest.mark.parametrize("font", OTHER_NAMES)
def test_a_name_is_drawn_in_scripts_that_no_package_has(all_others: bytes, font: str) -> None:
    assert font in fonts_in(all_others)


def test_every_character_of_other_scripts_is_drawn(all_others: bytes) -> None:
    said = "\n".join(pages(all_others))
    assert REPLACEMENT not in said
    assert all(OTHER_NAMES[font] in said for font in ("NotoSerifTibetan", "NotoSansCherokee", "NotoSansSyriac"))


def test_lists_without_other_scripts_are_set_without_their_fonts(site: Flask) -> None:
    with language_of(site):
        pen = PageRenderer()
        for number, name in enumerate(NAMES.values(), 1):
            pen.row(Line(number, name))
        assert not pen.others
        pen.row(Line(99, OTHER_NAMES["NotoSansCherokee"]))
        assert pen.others == {"Noto Sans Cherokee"}


def test_what_is_lacking_is_named_beside_its_row(site: Flask) -> None:
    cypriot = "\U00012f90\U00012f91\U00012f90"
    last = pages(written(site, [Line(1, "Ann \ue000"), Line(2, "Bo Example", comment=cypriot), Line(3, "Cy")]))[LIST]
    words = " ".join(last.split())
    assert f"1 Ann {REPLACEMENT} Shown as {REPLACEMENT}: U+E000 2 Bo" in words
    named = "U+12F90 CYPRO-MINOAN SIGN CM001, U+12F91 CYPRO-MINOAN SIGN CM002"
    assert f"{REPLACEMENT * 3} Shown as {REPLACEMENT}: {named} 3 Cy" in words


def test_a_row_that_lacks_much_names_twenty_characters(site: Flask) -> None:
    lacking = "".join(chr(0x12F90 + at) for at in range(21))
    last = " ".join(pages(written(site, [Line(1, lacking)]))[LIST].split())
    assert "U+12FA3 CYPRO-MINOAN SIGN CM025, …" in last


def test_of_an_unnamed_signer_it_says_that_the_name_is_withheld(site: Flask) -> None:
    found = pages(written(site, [Line(1, "Ann Example"), Line(2), Line(3, "Bo Example")]))[LIST]
    assert found.split("Ann Example")[1].split("Bo Example")[0].split() == ["2", "name", "withheld", "3"]


def test_a_list_for_organisers_warns_that_it_names_signers_for_organisers_only(site: Flask) -> None:
    warning, unnamed = "not to be handed over", "Name withheld"
    rows = [Line(1, "Ann Example")]
    with language_of(site):
        theirs = pages(pdf.write_volume(DELIVERY, iter(rows), 1, 1, lambda _: None))[0]
        own = pages(pdf.write_volume(replace(DELIVERY, for_addressee=False), iter(rows), 1, 1, lambda _: None))[0]
    assert unnamed in theirs and warning not in theirs
    assert warning in own and unnamed not in own
    assert "Received by" in theirs and "Received by" not in own


@pytest.mark.parametrize("strange", ["\ue000", "\U000fe4e5", "\U000e0fff", "\U0003fffd", "\U00010570", "\uffff"])
def test_a_character_that_no_font_has_is_replaced_and_counted(site: Flask, strange: str) -> None:
    found = pages(written(site, [Line(1, f"Ann {strange} Example")]))
    assert "1 character in this volume could not be drawn" in found[0]
    assert f"Ann {REPLACEMENT} Example" in found[LIST]


@pytest.mark.parametrize(
    ("comment", "first"), [("one سلام two", "one"), ("سلام one سلام two", "two"), ("𞤀𞤣 one 𞤀𞤣 two", "two")]
)
def test_a_mixed_comment_has_the_direction_of_its_first_strong_character(site: Flask, comment: str, first: str) -> None:
    document = written(site, [Line(1, "Ann Example", comment=comment)])
    with pypdfium2.PdfDocument(document) as opened:
        words = opened[LIST].get_textpage()
        found = {word: words.search(word).get_next() for word in ("one", "two")}
        lefts = {word: words.get_charbox(place[0])[0] for word, place in found.items() if place}
    assert min(lefts, key=lambda word: lefts[word]) == first


def test_emoji_are_drawn(site: Flask) -> None:
    assert "could not be drawn" not in pages(written(site, [Line(1, "Ann 😀 Example")]))[0]


def test_typed_text_is_never_read_as_markup(site: Flask) -> None:
    typed = '#panic() *bold* $x$ @ref <label> \\ "quoted" #sys.inputs'
    assert typed in pages(written(site, [Line(1, typed)]))[LIST]


def test_a_word_longer_than_its_column_stays_in_it(site: Flask) -> None:
    document = written(site, [Line(1, "W" * 100, country="SE")])
    with pypdfium2.PdfDocument(document) as opened:
        words = opened[LIST].get_textpage()
        country = words.search("Sweden").get_next()
        assert country
        left_of_country = words.get_charbox(country[0])[0]
        rights = [words.get_charbox(at)[2] for at in range(words.count_chars()) if words.get_text_range(at, 1) == "W"]
    assert len(rights) == 100
    assert max(rights) < left_of_country


def test_a_long_comment_continues_on_the_next_page(site: Flask) -> None:
    comment = "\n".join(f"line {n}." for n in range(111))
    found = "\n".join(pages(written(site, [Line(1, "Ann Example", comment=comment)])))
    assert all(f"line {n}." in found for n in range(111))


def test_a_line_is_not_split_between_pages(site: Flask) -> None:
    lines = [Line(n, f"Name{n}x", comment=f"start{n}x {'freedom ' * 100} end{n}x") for n in range(1, 12)]
    for page in pages(written(site, lines)):
        for n in range(1, 12):
            assert (f"start{n}x" in page) == (f"end{n}x" in page)


def test_the_document_has_title_language_and_tags(site: Flask) -> None:
    document = pypdf.PdfReader(BytesIO(written(site, [Line(1, "Ann Example")], language="sv")))
    assert document.metadata and document.metadata.title == "Free the example"
    assert document.root_object["/Lang"] == "sv"
    assert "/StructTreeRoot" in document.root_object


def test_an_empty_list_can_be_written(site: Flask) -> None:
    assert "Page 1 of 5" in pages(written(site, []))[0]


def test_parts_have_continuous_page_numbers(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "ROWS_PER_PART", 2)
    told: list[int] = []
    with language_of(site):
        made = pdf.write_volume(DELIVERY, (Line(n, f"Name{n}x") for n in range(1, 6)), 1, 1, told.append)
    found = pages(made)
    assert [page.split("Page ")[1].split("\n")[0] for page in found] == [f"{n} of 8" for n in range(1, 9)]
    assert all(f"Name{n}x" in found[3 + (n - 1) // 2] for n in range(1, 6))
    assert told == sorted(told) and told[-1] == 5
    document = pypdf.PdfReader(BytesIO(made))
    assert document.metadata and document.metadata.title == "Free the example"
    assert document.root_object["/Lang"] == "en"


def test_rows_beyond_one_volume_go_into_the_next(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "ROWS_PER_VOLUME", 2)
    rows = (Line(n, f"Name{n}x") for n in range(1, 4))
    with language_of(site):
        first, second = ("\n".join(pages(pdf.write_volume(DELIVERY, rows, n, 2, lambda _: None))) for n in (1, 2))
    assert "Volume 1 of 2" in first and "Numbers 1 to 2" in first and ENGLISH.statement in first
    assert "Volume 2 of 2" in second and "Numbers 3 to 3" in second and ENGLISH.statement not in second
    assert "Name2x" in first and "Name3x" not in first and "Name3x" in second


def test_the_same_list_makes_the_same_bytes(site: Flask) -> None:
    assert written(site, [Line(1, "Ann Example")]) == written(site, [Line(1, "Ann Example")])


def test_a_typesetter_error_has_no_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(typeset.NotTypeset) as told:
        typeset.typeset({"title": "Ann Example"}, [], DELIVERY.made_at, tagged=True, on_heartbeat=lambda: None)
    assert "Ann" not in str(told.value)


def _passes_our_forms(text: str) -> bool:
    try:
        validators.readable(forms.SignerForm.__new__(forms.SignerForm), SimpleNamespace(data=text))  # type: ignore[arg-type]
    except ValidationError:
        return False
    return True


words = st.text(min_size=1, max_size=200).map(typed_text.tidy_paragraphs).filter(_passes_our_forms)


@given(lines=st.lists(st.tuples(words, words, words), max_size=30), title=words)
@settings(max_examples=15)
def test_any_text_that_the_forms_accept_can_be_written(
    site: Flask, lines: list[tuple[str, str, str]], title: str
) -> None:
    rows = [Line(n, *map(typed_text.tidy_line, (a, b)), comment=c) for n, (a, b, c) in enumerate(lines, 1)]
    text = replace(ENGLISH, title=title, statement=title, body=title)
    document = written(site, rows, replace(DELIVERY, title=title, started_by=title, texts=(text,)))
    assert f"Page 1 of {len(pages(document))}" in pages(document)[0]
