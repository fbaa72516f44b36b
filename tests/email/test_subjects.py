"""What a subject is about stands where a phone still shows it, in every language; a title comes after that."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template

from app.models import NoticeKind
from app.web.language import INTERFACE_LANGUAGES, force_language

SHOWN_BY_PHONES = 40
TITLE = "Ω" * 200
KINDS = sorted(path.parent.name for path in (Path(__file__).parents[2] / "templates/email").glob("*/subject.txt"))
OTHERS = ({}, {"asks": True})
OF_KIND = {"notice": [{"kind": one.value} for one in NoticeKind]}


@pytest.mark.parametrize("language", INTERFACE_LANGUAGES)
def test_a_phone_shows_what_an_e_mail_is_about(app: Flask, language: str) -> None:
    seen = {}
    with app.test_request_context(), force_language(language):
        for kind in KINDS:
            for title in (None,) if kind == "news" else (TITLE, None):  # its title is what it is about
                for more in OF_KIND.get(kind, OTHERS):
                    text = SimpleNamespace(language=language)
                    subject = render_template(f"email/{kind}/subject.txt", title=title, text=text, number=10**6, **more)
                    seen[kind, title, *more.values()] = subject.partition(TITLE)[0].strip(" :\u2066\u2067\xa0\n")
    assert {kind: words for kind, words in seen.items() if not 3 < len(words) <= SHOWN_BY_PHONES} == {}
