"""No letter's template can name what a signer typed: letters go to mailboxes that strangers may have typed in."""

from jinja2 import Environment, nodes

from tests.structure.source import ROOT, TEMPLATES, place

TYPED = {"name", "affiliation", "comment", "email", "address", "country"}
LEADS_THERE = {"signer", "draft", "signature", "entry", "row", "sealed", "form", "submission", "request", "g", "config"}
LETTERS = [path for path in TEMPLATES if ROOT / "templates" / "email" in path.parents]


def named(source: str) -> set[str]:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(source)
    plain = {one.name for one in tree.find_all(nodes.Name)}
    attributes = {one.attr for one in tree.find_all(nodes.Getattr)}
    items = {one.arg.value for one in tree.find_all(nodes.Getitem) if isinstance(one.arg, nodes.Const)}
    return plain | attributes | items


def test_no_letter_template_uses_typed_text() -> None:
    found = {place(path): named(path.read_text("utf-8")) & (TYPED | LEADS_THERE) for path in LETTERS}
    assert found
    assert {name: words for name, words in found.items() if words} == {}


def test_the_check_finds_names_anywhere_in_a_template() -> None:
    sly = '{% if a %}{{ entry.comment }}{% endif %}{{ _("%(n)s", n=name) }}{{ x["email"] }}{% set y = affiliation %}'
    assert {"entry", "comment", "name", "email", "affiliation"} <= named(sly)
