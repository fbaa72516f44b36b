"""Reads a page as a browser would: its elements, what its form would send, and which errors stand at which field."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

CHILDLESS = {"br", "hr", "img", "input", "link", "meta"}


@dataclass
class Element:
    """An element with its attributes, the elements it stands in, and the text inside it."""

    tag: str
    attributes: dict[str, str]
    inside: list["Element"]
    text: str = ""

    def get(self, name: str) -> str | None:
        """Return an attribute: empty if it has no value, None if it is not there."""
        return self.attributes.get(name)

    def words(self) -> str:
        """Return its text with single spaces."""
        return " ".join(self.text.split())


@dataclass
class HtmlPage(HTMLParser):
    """A page's elements in the order in which they begin."""

    html: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(element)
        if tag not in CHILDLESS:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements of a kind that have these attributes."""
        return [one for one in self.elements if one.tag == tag and attributes.items() <= one.attributes.items()]

    def by_id(self, name: str) -> Element:
        """Return the one element with this id."""
        (found,) = [one for one in self.elements if one.get("id") == name]
        return found

    def answers(self, form: Element | None = None) -> dict[str, str]:
        """Return what a form, by default the page's one, would send as it stands: HTML's form submission."""
        if form is None:
            (form,) = self.all("form", method="post")
        sent = {}
        for one in (element for element in self.elements if form in element.inside):
            name, value = one.get("name"), one.get("value")
            if one.tag == "textarea" and name:
                sent[name] = one.text.replace("\r\n", "\n").removeprefix("\n")
            elif one.tag == "select" and name:
                options = [option for option in self.all("option") if one in option.inside]
                chosen = [option for option in options if option.get("selected") is not None]
                sent[name] = (chosen or options)[0].get("value") or ""
            elif one.tag == "input" and one.get("type") in {"radio", "checkbox"}:
                if name and one.get("checked") is not None:
                    sent[name] = value or "on"
            elif one.tag == "input" and name:
                sent[name] = value or ""
        return sent

    def errors(self) -> dict[str, str]:
        """Return the message that each faulty field is described by, by the field's name."""
        found = {}
        for control in self.elements:
            for described_by in (control.get("aria-describedby") or "").split():
                if described_by.endswith("-error"):
                    message = self.by_id(described_by).words()
                    found[control.get("name") or control.get("id") or ""] = message.removeprefix("Error: ")
        return found
