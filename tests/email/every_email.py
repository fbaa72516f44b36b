"""Every e-mail that the site sends, in a language, as it travels: for programs and people that look at them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask

from app.doctor.one_of_each import ABOUT_PETITIONS, one_of_each
from app.email.letter import Letter
from app.email.render import TEST_MARK
from tests.factories import make_petition

KINDS = {path.parent.name for path in (Path(__file__).parents[2] / "templates/email").glob("*/subject.txt")}
# Those whose template has other words for a discreet petition, and which are told of it by the petition itself.
ABOUT_DISCREET = (*ABOUT_PETITIONS, "news")
RECIPIENT = "ann@example.org"
# "Keep the test library open on Saturdays!" and "We ask the town to keep it open, and warm in winter."
WORDS = {
    "en": ("Keep the test library open on Saturdays!", "We ask the town to keep it open, and warm in winter."),
    "sv": ("Håll testbiblioteket öppet på lördagar!", "Vi ber staden att hålla det öppet, och varmt på vintern."),
    "fi": ("Testikirjasto auki lauantaisin!", "Pyydämme kaupunkia pitämään sen auki ja talvella lämpimänä."),
    "de": ("Die Testbücherei soll samstags öffnen!", "Wir bitten die Stadt, sie zu öffnen und im Winter zu heizen."),
    "fr": ("La bibliothèque d’essai ouverte le samedi !", "Nous demandons à la ville de la chauffer en hiver."),
    "it": (
        "La biblioteca di prova aperta il sabato!",
        "Chiediamo alla città di riscaldarla d’inverno: è fredda.",
    ),
    "es": ("¡La biblioteca de prueba, abierta los sábados!", "Pedimos a la ciudad que la caliente en invierno."),
    "hu": ("Legyen nyitva szombaton a próbakönyvtár!", "Kérjük a várost, hogy télen fűtse is."),
    "cs": ("Ať je zkušební knihovna otevřená v sobotu!", "Žádáme město, aby ji v zimě vytápělo."),
    "da": ("Hold testbiblioteket åbent om lørdagen!", "Vi beder byen om at holde det åbent, og varmt om vinteren."),
    "ru": ("Пусть пробная библиотека работает по субботам!", "Просим город отапливать её зимой."),
    "uk": ("Хай пробна бібліотека працює щосуботи!", "Просимо місто опалювати її взимку."),
    "ar": ("افتحوا مكتبة الاختبار أيام السبت!", "نطلب من المدينة أن تبقيها مفتوحة ودافئة في الشتاء."),
}
# All that Markdown can show in news.
BODY = """{0} {0}

> {0}

## {0}

- **{0}**
- [{0}](https://news.example/archive/{1})

{0}

    {1}

https://news.example/archive/{1}

| {0} | {0} |
|---|---|
| {0} | {0} |
"""


def every_email(app: Flask, language: str) -> Iterator[tuple[str, Letter]]:
    """Yield a name for each e-mail in a language, and the e-mail: about an open and a discreet petition, and others."""
    app.config["SITE_LANGUAGE"] = language
    title, statement = WORDS[language]
    front = {"language": language, "title": title, "statement": statement}
    front = {key: f'"{value}"' for key, value in front.items()}
    for slug in (f"open-{language}", f"quiet-{language}"):
        is_discreet = slug.startswith("quiet")
        more = {"discreet": "true"} if is_discreet else {}
        make_petition(app, BODY.format(statement, "a-long-word" * 9), slug=f'"{slug}"', **front, **more)
        with app.app_context():
            for kind, letter in one_of_each(RECIPIENT):
                if not is_discreet or kind in ABOUT_DISCREET:
                    yield f"{kind} {slug}", replace(letter, subject=letter.subject.removeprefix(TEST_MARK))
