"""A delivery's own words: Markdown set as people read it, never run as code; totals, picture and serif."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
from flask import Flask
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.export import pdf, pdf_text
from app.export.pdf_content import CoverPicture
from app.export.pdf_text import MAX_CELLS, MAX_COLUMNS
from app.petitions import set_text
from app.petitions.set_text import Block, Run
from app.typesetting import serif
from tests.export.test_pdf import DELIVERY, ENGLISH, LIST, Line, _passes_our_forms, pages, site, written
from tests.petitions.test_markdown import PIECES

__all__ = ["site"]
# What would be code, markup or a file's name if the typesetter read it.
HOSTILE = [
    "#panic()", '#read("/etc/passwd")', '#include "/etc/passwd"', '#image("/etc/passwd")', "#sys.inputs.data", "$x^2$",
    "@ref <label>", "\\u{41} \\ #text(red)[x]", '`#read("/etc/passwd")`', '```typ\n#read("/etc/passwd")\n```',
    '```\n"] #panic() [\n```', "[#panic()](https://a.example/#panic())", '[x](https://a.example/"#panic() "y")',
    "[x](</etc/passwd>)", "[x](#sys)", "[x](mailto:)", "[x](https://)", "# #panic()", "> #panic()", "- #panic()",
    "/* // */ ~ -- --- ... '\"", "#let x = 1; #x", "= Heading\n+ item\n/ term: x", "https://a.example/#panic()",
]  # fmt: skip


def page_of(site: Flask, body: str) -> str:
    """Return the page of a text with this Markdown, without the line breaks of the typesetter."""
    return " ".join(pages(written(site, [], replace(DELIVERY, texts=(replace(ENGLISH, body=body),))))[1].split())


@pytest.mark.parametrize("body", HOSTILE)
def test_a_hostile_text_is_shown_and_never_run(site: Flask, body: str) -> None:
    found = page_of(site, body)
    assert "root:" not in found and ENGLISH.title in found
    for block in set_text.to_blocks(body):
        for run in block.runs:
            assert " ".join(run.words.split()) in found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*PIECES, *HOSTILE]) | st.text(max_size=8)).map("".join), max_size=12))
def test_any_markdown_can_be_set(site: Flask, bodies: list[str]) -> None:
    texts = tuple(replace(ENGLISH, body=body) for body in bodies if _passes_our_forms(body))
    assert "Page 1 of" in pages(written(site, [], replace(DELIVERY, texts=texts)))[0]


@pytest.mark.parametrize(
    "body",
    [
        *("> " * 18 + "deep", "- " * 9 + "deep", "> " * 260 + "x\n\ndeep", "*" * 1_900 + "deep" + "*" * 1_900),
        *("\n".join("  " * n + "- deep" for n in range(100)), "[deep](https://a.example/" + "x" * 9_000 + ")"),
        *("1000000000. deep", "W" * 5_000 + " deep"),
    ],
)
def test_what_nests_deep_or_is_long_is_set(site: Flask, body: str) -> None:
    delivery = replace(DELIVERY, texts=(replace(ENGLISH, body=body),))
    assert "deep" in "".join(pages(written(site, [], delivery))[1:]).split("Appendix")[0]


def test_links_lead_where_they_lead_on_the_page_and_nowhere_else(site: Flask) -> None:
    body = "[a](https://a.example/b) <ann@example.org> [c](/etc/passwd) [d](javascript:x) [e](file:///etc/passwd)"
    document = pypdf.PdfReader(io.BytesIO(written(site, [], replace(DELIVERY, texts=(replace(ENGLISH, body=body),)))))
    links = [link.get_object()["/A"]["/URI"] for page in document.pages for link in page.get("/Annots", ())]
    assert links == ["https://a.example/b", "mailto:ann@example.org"]


@pytest.mark.parametrize("columns", [2, MAX_COLUMNS + 1])
@pytest.mark.parametrize("lines", [3, MAX_CELLS])
@pytest.mark.parametrize("has_heading", [True, False])
def test_tables_are_set_whatever_their_size(
    site: Flask, monkeypatch: pytest.MonkeyPatch, columns: int, lines: int, has_heading: bool
) -> None:
    rows = tuple(tuple((Run(f"c{row}x{column}"),) for column in range(columns)) for row in range(lines))
    monkeypatch.setattr(
        pdf_text, "to_blocks", lambda _body: (Block("table", rows=(*rows, rows[0][:1]), has_heading=has_heading),)
    )
    found = "".join(pages(written(site, [])))
    assert all(f"c{row}x{column}" in found for row in range(lines) for column in range(columns))


def test_long_texts_are_laid_out_without_the_rows(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_CHARACTERS_BESIDE_ROWS", 10)
    laid_out: list[dict[str, object]] = []
    typeset = pdf.typeset

    def spy(data: dict[str, object], *rest: object, **named: object) -> bytes:
        laid_out.append(data)
        return typeset(data, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pdf, "typeset", spy)
    found = pages(written(site, [Line(1, "Ann Example")]))
    assert [bool(part["rows"]) for part in laid_out] == [False, True, False] * 2
    assert [page.split("Page ")[1].split("\n")[0] for page in found] == [f"{n} of 6" for n in range(1, 7)]
    assert "Ann Example" in found[LIST] and "Appendix" in found[LIST + 1]


def test_totals_by_country_stand_before_the_list_most_first(site: Flask) -> None:
    delivery = replace(DELIVERY, countries={"DE": 3, "SE": 1_700, "": 2}, withheld=40)
    found = pages(written(site, [Line(1, "Ann Example")], delivery))[LIST]
    assert found.split("Signatures by country")[1].split("\nSignatures")[0].strip() == (
        "Sweden 1,700 Germany 3 No country given 2\nNames withheld 40"
    )
    unasked = replace(DELIVERY, countries={"": 3})
    assert "by country" not in "".join(pages(written(site, [Line(1, "Ann Example")], unasked)))


@pytest.mark.parametrize("size", [(960, 640), (960, 200), (480, 3_000)])
def test_the_picture_is_on_the_title_page_with_its_words(site: Flask, size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "JPEG")
    picture = CoverPicture(*size, out.getvalue(), "Red <shelves>")
    document = written(site, [], replace(DELIVERY, picture=picture))
    with pypdfium2.PdfDocument(document) as opened:
        drawn = opened[0].render(scale=0.5).to_pil().convert("RGB")
    reds = sum(1 for red, green, blue in drawn.get_flattened_data() if red > 200 and green < 60 and blue < 60)
    assert reds > 500
    assert "Page 1 of 5" in pages(document)[0], "whatever its form, it leaves room for the facts"
    root = pypdf.PdfReader(io.BytesIO(document)).trailer["/Root"]["/StructTreeRoot"]  # type: ignore[index]
    assert "Red <shelves>" in alternatives(root)


def alternatives(element: Any) -> list[str]:
    """Return what is read out in place of the pictures in a PDF's structure."""
    found = element.get_object()
    if not isinstance(found, dict):
        return [words for one in found for words in alternatives(one)] if isinstance(found, list) else []
    own = [str(found["/Alt"])] if "/Alt" in found else []
    return own + (alternatives(found["/K"]) if "/K" in found else [])


def test_headings_are_in_the_sites_serif(site: Flask) -> None:
    fonts = pypdf.PdfReader(io.BytesIO(written(site, []))).pages[0]["/Resources"]["/Font"].get_object()  # type: ignore[index]
    assert any("Brygada" in str(font.get_object()["/BaseFont"]) for font in fonts.values())


def test_the_typesetters_serif_has_every_letter_of_the_pages(site: Flask) -> None:
    of_pages = {code for file in Path(serif.FOLDER).glob("*.woff2") for code in TTFont(file).getBestCmap()}
    (whole,) = Path(serif.FOLDER).glob("*.ttf")
    assert of_pages and of_pages == set(TTFont(whole).getBestCmap())


def test_a_table_of_a_text_is_set_in_columns(site: Flask) -> None:
    found = page_of(site, "| Year | Books |\n|---|--:|\n| 2025 | *many* |\n| 2026 | #panic() |")
    assert "Year Books 2025 many 2026 #panic()" in found
