"""A petition file: TOML between `+++` lines, then Markdown. Reading validates it, or says what would be right."""

import re
import tomllib
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from app.models import Visibility
from app.models.petition import FIELD_CHOICES
from app.petition_files import values
from app.petition_files.content import DEFAULT_FIELDS, NEEDED, NO_LABELS, PetitionFile
from app.petition_files.translations import refuse_idle_words, words_by_original

MAX_TEXT_LENGTH = 100_000
MAX_DOTS = 2
# The four kinds of texts, in the order in which they are told apart, and comments (toml.io, version 1.0).
TOML_TEXTS = (r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}', r"'''.*?'{3,5}", r'"(?:[^"\\\n]|\\.)*+"', r"'[^'\n]*'")
TOML_TEXT_OR_COMMENT = re.compile("|".join((*TOML_TEXTS, r"#[^\n]*")), re.DOTALL)
MAX_ERASE_AFTER_DAYS = 3650
MAX_LABEL_LENGTH = 100


class BadPetitionFile(Exception):
    """The file cannot be imported; the text names the file, the key, and what would be right."""


def read_petition_file(path: Path) -> PetitionFile:
    """Read and validate the petition file at `path`; raise BadPetitionFile if anything in it is wrong."""
    return parse_petition_file(path.read_bytes(), str(path))


def parse_petition_file(content: bytes, name: str, needed: tuple[str, ...] = NEEDED) -> PetitionFile:
    """Parse and validate a petition file's content; raise BadPetitionFile, with its `name`, if anything is wrong.

    `needed` are the keys that it must have; a draft needs only NEEDED_FOR_DRAFT.
    """
    try:
        front, body = _split(content.decode())
        _refuse_deep_keys(front)
        return _validated(tomllib.loads(front), body, needed)
    except UnicodeDecodeError:
        raise BadPetitionFile(f"{name}: {_('the file must be text in UTF-8.')}") from None
    except (ValueError, RecursionError) as error:  # ValueError: TOMLDecodeError, or a number too long for Python
        words = _("between the +++ lines there must be TOML: %(error)s", error=error)
        raise BadPetitionFile(f"{name}: {words}") from None
    except values.InvalidValue as wrong:
        raise BadPetitionFile(f"{name}: {wrong}") from None


def checks(language: str, needed: tuple[str, ...] = NEEDED) -> dict[str, values.Check]:
    """Return the check for each key, in a petition in `language` that needs these keys."""
    controller = dict(CONTROLLER)
    if "controller" not in needed:
        controller = {part: values.OrEmpty(check) for part, check in CONTROLLER.items()}
    return {
        "slug": values.slug,
        "language": values.language,
        "title": values.line(200),
        "started_by": values.line(200),
        "started_on": values.day,
        "goal": values.whole_number(1, 2_000_000_000),
        "closes_on": values.day,
        "discreet": values.yes_or_no,
        "default_visibility": values.one_of(tuple(Visibility)),
        "statement": values.text(MAX_TEXT_LENGTH),
        "addressed_to": values.text(1000),
        "contact": values.line(254),
        "erase_after_days": values.whole_number(1, MAX_ERASE_AFTER_DAYS),
        "controller": values.table(controller),
        "privacy": values.markdown(MAX_TEXT_LENGTH),
        "thanks": values.markdown(MAX_TEXT_LENGTH),
        "outcome": values.markdown(MAX_TEXT_LENGTH),
        "outcome_on": values.day,
        "labels": values.table(LABELS),
        "fields": values.table(dict.fromkeys(DEFAULT_FIELDS, values.one_of(FIELD_CHOICES)), optional=True),
        "initiators": values.list_of(values.table(initiator(language))),
        "donations": values.list_of(values.table(DONATION)),
        "links": values.list_of(values.table(LINK)),
        "elsewhere": values.table(ELSEWHERE),
        "translations": values.list_of(values.table(TRANSLATION)),
    }


CONTROLLER: dict[str, values.Check] = {
    "name": values.line(200),
    "address": values.text(500),
    "email": values.email,
}
DONATION: dict[str, values.Check] = {
    "recipient": values.line(200),
    "iban": values.iban,
    "currency": values.OrEmpty(values.currency),
    "bank": values.OrEmpty(values.line(200)),
    "note": values.OrEmpty(values.text(500)),
}
LINK: dict[str, values.Check] = {
    "title": values.line(300),
    "source": values.OrEmpty(values.line(200)),
    "url": values.OrEmpty(values.url),
}
ELSEWHERE: dict[str, values.Check] = {
    "count": values.whole_number(0, 2_000_000_000),
    "source": values.line(200),
    "url": values.OrEmpty(values.url),
}
LABELS: dict[str, values.Check] = dict.fromkeys(NO_LABELS, values.OrEmpty(values.line(MAX_LABEL_LENGTH)))
TRANSLATION: dict[str, values.Check] = {
    "language": values.language,
    "title": values.line(200),
    "statement": values.text(MAX_TEXT_LENGTH),
    "body": values.OrEmpty(values.markdown(MAX_TEXT_LENGTH)),
    "addressed_to": values.OrEmpty(values.text(1000)),
    "privacy": values.OrEmpty(values.markdown(MAX_TEXT_LENGTH)),
    "thanks": values.OrEmpty(values.markdown(MAX_TEXT_LENGTH)),
    "outcome": values.OrEmpty(values.markdown(MAX_TEXT_LENGTH)),
    "labels": values.OrEmpty(values.table(LABELS), NO_LABELS),
    "words": values.OrEmpty(words_by_original, {}),
}


def initiator(language: str) -> dict[str, values.Check]:
    """Return the checks for an initiator; the country may be its name in `language`."""
    return {
        "name": values.line(200),
        "affiliation": values.OrEmpty(values.line(500)),
        "country": values.OrEmpty(values.country(language)),
    }


def _split(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"\ufeff?\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n(.*))?", text, re.DOTALL | re.MULTILINE)
    if not match:
        words = _("the file must begin with a line +++, then TOML, a line +++, and the petition's Markdown.")
        raise values.InvalidValue("+++", words)
    body = (match[2] or "").strip()
    return match[1].replace("\r\n", "\n"), values.markdown(MAX_TEXT_LENGTH)(_("the Markdown below +++"), body)


def _refuse_deep_keys(front: str) -> None:
    """Refuse keys such as a.a.a.a: none of ours has more than two parts, and tomllib needs quadratic time for them.

    Texts are taken out first, or one of them as a part of a key could hide the rest. Where a quote is not closed TOML
    ends, too.
    """
    for part in re.split(r"[={},\[\]\n]", TOML_TEXT_OR_COMMENT.sub("-", front)):
        if part.count(".") > MAX_DOTS:
            raise values.InvalidValue("+++", _("there is a key with far too many dots in it."))


def _validated(front: dict[str, Any], body: str, needed: tuple[str, ...]) -> PetitionFile:
    for key in needed:
        if key not in front:
            raise values.InvalidValue(key, _("is missing, and must be given."))
    language = values.language("language", front["language"])
    validated = values.check_table("", front, checks(language, needed))
    languages = {language}
    for number, translation in enumerate(validated.get("translations", ()), 1):
        if translation["language"] in languages:
            raise values.InvalidValue(
                f"translations[{number}].language", _("must be another one: there is a text in it.")
            )
        languages.add(translation["language"])
    fields = DEFAULT_FIELDS | validated.pop("fields", {})
    file = PetitionFile(**validated, fields=fields, body=body)
    refuse_idle_words(file)
    return file
