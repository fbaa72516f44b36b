"""Every word that a template shows goes through the translation function, so that no page is half in English."""

import re
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from tests.structure.source import TEMPLATES, place

# Names that are the same in every language.
NAMES = {"Countersign"}
NOT_READ = {"code", "script", "style"}
READ_OUT = {"alt", "aria-label", "placeholder", "title"}
WORD = re.compile(r"[^\W\d_]{2,}")


class Words(HTMLParser):
    """Collects what people read of a template's own text: between tags, and in attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NOT_READ:
            self._silent.append(tag)
        self.found += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def untranslated(source: str, *, is_html: bool) -> list[str]:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(source)
    texts = "".join(piece.data for piece in tree.find_all(nodes.TemplateData))
    shown = [texts]
    if is_html:
        words = Words()
        words.feed(texts)
        words.close()
        shown = words.found
    for output in tree.find_all(nodes.Output):
        shown += [one.value for one in output.nodes if isinstance(one, nodes.Const) and isinstance(one.value, str)]
    return [text.strip() for text in shown if set(WORD.findall(text)) - NAMES]


def test_templates_have_no_untranslated_words() -> None:
    found = {place(path): untranslated(path.read_text("utf-8"), is_html=path.suffix == ".html") for path in TEMPLATES}
    assert found
    assert {name: words for name, words in found.items() if words} == {}


def test_the_check_finds_untranslated_words() -> None:
    fine = '<p class="word">{{ _("fine") }}</p><code>fine</code>{% trans %}fine{% endtrans %} Countersign'
    assert untranslated(fine, is_html=True) == []
    bare = '<p>{{ _("fine") }} one</p><img alt="two"><b>{{ "three" }}</b>'
    assert untranslated(bare, is_html=True) == ["one", "two", "three"]
    assert untranslated("{{ _('fine') }}\n\nbare", is_html=False) == ["bare"]
