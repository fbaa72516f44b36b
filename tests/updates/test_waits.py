"""What news waits for, on its page: a quota's part, a provider, and others without their names."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app import clock
from app.email import traffic_shaping
from app.email.traffic_shaping import Limits, Provider, WarmUp
from app.models import Occasion
from app.outbox import find_providers, take_turns
from app.outbox.waits import MANY_EMAILS, Wait, told_of_news
from tests.publishing.conftest import Seat
from tests.site import wait_until
from tests.updates.conftest import Make, agree
from tests.updates.test_pages import ONE

pytestmark = pytest.mark.both_databases
Work = Callable[[], int]
FREELY = Limits(connections=0, per_connection=1000, per_minute=60_000)
PROVIDERS = {"big": Provider("Big", frozenset({"big.example"}), (), "", FREELY)}


@pytest.fixture
def new_sender(app: Flask) -> Iterator[None]:
    """A sender who may send each provider four e-mails on the first day, two of them news."""
    unshaped = app.extensions[take_turns.EXTENSION]
    app.config["DNS_RESOLVER"] = ("127.0.0.1", 1)  # nobody answers there
    app.extensions.pop(find_providers.EXTENSION, None)
    warm_up = WarmUp(first_day=4, factor=2, days=3)
    table = replace(traffic_shaping.load(None), warm_up=warm_up, other=FREELY, providers=PROVIDERS, is_on=True)
    take_turns.init_app(app, table)
    yield
    take_turns.init_app(app, unshaped)
    app.extensions.pop(find_providers.EXTENSION, None)


def test_the_page_says_that_news_has_used_its_part_of_a_day(
    app: Flask, make_news: Make, seat: Seat, work: Work
) -> None:
    app.config["MAIL_MAX_PER_DAY"] = 4
    agree(app, *(f"person{number}@example.org" for number in range(5)))
    make_news()
    work()
    page = seat().get(ONE).text
    assert "2 of about 5 are through." in page
    assert "News has used its part of what the mail server takes in a day" in page


def test_the_page_says_that_a_new_sender_is_warmed_up_and_names_no_small_provider(
    app: Flask, make_news: Make, seat: Seat, work: Work, new_sender: None, runner: FlaskCliRunner
) -> None:
    agree(app, *(f"person{number}@big.example" for number in range(MANY_EMAILS + 2)))
    agree(app, *(f"person{number}@tiny.example" for number in range(4)))
    make_news()
    owner = seat()

    def is_told_of_both() -> bool:
        work()  # more than once, as DNS is asked in the meantime
        page = owner.get(ONE).text
        return "E-mails to Big that wait: 10." in page and "E-mails to other providers that wait: 2." in page

    wait_until(is_told_of_both)
    page = owner.get(ONE).text
    assert page.count("Mail providers take only so many a day from a new sender") == 2
    assert "tiny" not in page
    status = runner.invoke(args=["outbox", "status"]).output
    assert "10 wait for Big (warm-up of a new sender), the next until" in status
    assert "2 wait for other providers (warm-up of a new sender), the next until" in status


def test_what_waits_for_others_is_one_sum_without_a_reply_and_what_is_not_news_is_left_out() -> None:
    soon = clock.now()
    later = soon + timedelta(hours=1)
    news = Wait(soon, setting="MAIL_MAX_PER_DAY", only=(Occasion.NEWS,))
    thanks = Wait(soon, setting="MAIL_MAX_PER_DAY", only=(Occasion.CONFIRMED,))
    big = Wait(soon, "Big", number=MANY_EMAILS, reply="421 4.7.0")
    few, nameless = Wait(later, "Small", number=2, is_warm_up=True), Wait(soon, number=500, reply="421 4.7.1")
    assert told_of_news([news, thanks, big, few, nameless]) == [news, big, Wait(soon, number=502)]
