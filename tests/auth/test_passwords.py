"""New passwords: common ones and one's own words are refused in kind words, whoever sets them, and never slowly."""

import re
import sys

import pytest
from flask import Flask
from zxcvbn import zxcvbn

from app.auth import passwords
from app.models import Organiser
from tests.auth.test_signing_in import RESET, sign_in
from tests.concurrency.test_races import at_once
from tests.organisers.people import (
    OWNER,
    PASSWORD,
    browser,
    letters_to_organisers,
    make_organiser,
    organiser,
    signed_in,
)

COMMON = "password1234"
REFUSED = "This password would be guessed soon"
ADVICE = "some words in a row that have nothing to do with each other"
JUDGED_AT_MOST = 24  # characters: zxcvbn's time grows with their square, to seconds at the 72 that it takes at most


def problems(app: Flask, password: str, user: Organiser) -> list[str] | None:
    with app.test_request_context("/organise"):
        found: list[str] | None = app.extensions["security"].password_util.validate(password, False, user=user)[0]
        return found


@pytest.mark.parametrize(
    "password",
    [
        COMMON,
        "P@ssw0rd1234",
        "qwertyuiop123",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "123456789012",
        "iloveyouforever",
        "a" * 128,
        "Countersign2024",
        "C0unter$ign2024",
        "Owner@Example.org",
        "owner-example-2024",
        "Owner Countersign 1234",
    ],
)
def test_common_passwords_and_own_words_are_refused(app: Flask, password: str) -> None:
    make_organiser(app)
    (said,) = problems(app, password, organiser(app)) or [""]
    assert said.startswith(REFUSED)
    assert ADVICE in said


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "ein ganz neues Kennwort",
        "un été à la française",
        "kaffeetasse regen lampe",
        "какой-то длинный пароль",
        "墨汁雨傘長椅火車鐘樓蘋果",
        "x7Kq!29vLmP0",
        "the owner of a purple lamp sings",
        "seven quiet lamps drift past the harbour while nobody counts the gulls over the old town hall tonight",
    ],
)
def test_long_phrases_are_accepted(app: Flask, password: str) -> None:
    make_organiser(app)
    assert problems(app, password, organiser(app)) is None


def test_a_name_of_the_site_is_an_own_word(app: Flask) -> None:
    make_organiser(app)
    assert problems(app, "Zwetschgenbaum 1", organiser(app)) is None
    app.config["SITE_NAME"] = "Zwetschgenbaum"
    assert problems(app, "Zwetschgenbaum 1", organiser(app))


# Each would take zxcvbn seconds if it were judged whole, or as much of it as that takes.
@pytest.mark.parametrize("password", [("4@8({[<369|!105$7+%2" * 7)[:128], "\ufdfa" * 128, ("p@ssw0rd4$3!" * 11)[:128]])
def test_no_password_is_judged_slowly(app: Flask, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    judged: list[str] = []

    def judge(beginning: str, own_words: list[str]) -> dict[str, object]:
        judged.append(beginning)
        return zxcvbn(beginning, own_words)

    monkeypatch.setattr(passwords, "zxcvbn", judge)
    make_organiser(app)
    for one in (PASSWORD, password):
        problems(app, one, organiser(app))
    assert judged
    assert max(map(len, judged)) <= JUDGED_AT_MOST


def test_of_many_judged_at_once_each_is_held_against_its_own_words(app: Flask) -> None:
    people = []
    for name in ("zwetschgenbaum", "kirschenbaum", "haselstrauch", "holunderstrauch"):
        make_organiser(app, f"{name}@example.org")
        people.append((organiser(app, f"{name}@example.org"), name.replace("e", "3").replace("s", "$")))

    def task(which: int) -> bool:
        person, leet = people[which % 4]
        return all(problems(app, f"{leet}1", person) for _ in range(20))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert at_once(8, task) == [True] * 8
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.both_databases
def test_joining_refuses_a_common_password_and_keeps_the_link(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["organiser", "invite", OWNER])
    link = re.search(r"/organise/invitation/\S+", letters_to_organisers(app)[-1])
    assert link
    for password in (COMMON, "owner.example.2024"):
        answer = browser(app).post(link[0], data={"way": "password", "password": password})
        assert answer.status_code == 422
        assert REFUSED in answer.text
    assert browser(app).post(link[0], data={"way": "password", "password": PASSWORD}).status_code == 303


@pytest.mark.both_databases
def test_a_reset_refuses_a_common_password(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    client = browser(app)
    client.post(RESET, data={"email": OWNER})
    link = re.search(r"(/organise/reset/\S+)", letters_to_organisers(app)[-1])
    assert link
    assert REFUSED in client.post(link[1], data={"password": COMMON, "password_confirm": COMMON}).text
    assert sign_in(client).location == "/organise"


@pytest.mark.both_databases
def test_a_change_refuses_a_common_password(app: Flask) -> None:
    make_organiser(app, password=PASSWORD)
    new = {"new_password": COMMON, "new_password_confirm": COMMON}
    assert REFUSED in signed_in(app).post("/organise/change", data={"password": PASSWORD, **new}).text
    assert sign_in(browser(app)).location == "/organise"
