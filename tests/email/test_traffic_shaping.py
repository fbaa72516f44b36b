"""The table of traffic shaping: who runs which mailboxes, what an answer asks for, and what operators override."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.email.traffic_shaping import OWN_TABLE, TABLE, BadTable, TrafficShaping, WarmUp, load

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def table() -> TrafficShaping:
    return load(None)


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("gmail-smtp-in.l.google.com", "google"),
        ("aspmx.l.google.com", "google"),
        ("test-library.mail.protection.outlook.com", "microsoft"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx01.mail.icloud.com", "apple"),
        ("mx00.gmx.net", "gmx"),
        ("mx-ha02.web.de", "gmx"),
        ("mail.protonmail.ch", "proton"),
        ("mxs.mail.ru", "mail_ru"),
        ("mx.yandex.net", "yandex"),
        ("smtp-in.orange.fr", "orange"),
        ("mx1.free.fr", "free"),
        ("mx1.seznam.cz", "seznam"),
        ("mx.example.org", None),
        ("notgoogle.com", None),
        ("mail.ru.example.org", None),
    ],
)
def test_mailboxes_are_grouped_by_who_runs_their_mail_exchanger(
    table: TrafficShaping, host: str, provider: str | None
) -> None:
    assert table.of_mx(host) == provider


def test_every_provider_of_the_table_has_a_source_and_limits(table: TrafficShaping) -> None:
    assert set(table.providers) == {
        *("google", "microsoft", "yahoo", "apple", "gmx", "proton", "mail_ru", "yandex", "orange", "free", "seznam")
    }
    for provider in table.providers.values():
        assert provider.source.startswith("https://") and provider.mx
        assert provider.limits.connections and provider.limits.per_connection and provider.limits.per_minute


@pytest.mark.parametrize(
    ("code", "reply", "minutes"),
    [
        (421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", 120),
        (421, "4.7.28 an unusual rate of unsolicited mail", 60),
        (421, "4.7.0 [TSS05] deferred", 240),
        (451, "4.7.500 Server busy. Please try again later", 30),
        (421, "Trop de connexions, veuillez verifier votre configuration. OFR004_104", 60),
        (550, "5.7.1 Domain frequency limited", 60),
        (421, "closing", 5),
        (450, "4.7.1 not now", 15),
        (450, "4.2.1 The user is receiving mail at a rate that prevents more", 0),
        (450, "4.7.1 Greylisted, come back in five minutes", 0),
        (451, "4.3.0 some trouble of ours", 0),
        (550, "5.1.1 no such user", 0),
        (421, "4.1.1 ratelimit", 0),
        (554, "5.7.1 refused by policy", 0),
    ],
)
def test_what_an_answer_says_of_our_rate_pauses_and_what_it_says_of_a_mailbox_does_not(
    table: TrafficShaping, code: int, reply: str, minutes: int
) -> None:
    assert table.pause_after(code, reply) == minutes * MINUTE


def test_an_answer_that_repeats_itself_doubles_the_pause_up_to_a_day(table: TrafficShaping) -> None:
    pauses = [table.pause_after(421, "4.7.0 [TSS04]", before) for before in range(12)]
    assert pauses[:3] == [timedelta(hours=2), timedelta(hours=4), timedelta(hours=8)]
    assert set(pauses[4:]) == {timedelta(days=1)}


def test_a_new_address_is_warmed_up_and_then_sends_freely() -> None:
    warm_up = WarmUp(first_day=300, factor=2, days=10)
    assert [warm_up.most(timedelta(days=day)) for day in (0, 1, 2, 9, 10)] == [300, 600, 1200, 153_600, None]
    assert WarmUp(first_day=0, factor=2, days=10).most(timedelta(0)) is None


def test_the_operators_own_table_overrides_single_keys_and_its_answers_come_first(tmp_path: Path) -> None:
    (tmp_path / OWN_TABLE).write_text(
        '[providers.google]\nper_minute = 7\n[providers.own]\nname = "Own"\nmx = [".mail.example.org"]\n'
        'connections = 1\nper_connection = 2\nper_minute = 3\nsource = "https://example.org"\n'
        '[[answers]]\ncode = 421\nsays = "closing"\nminutes = 1\n'
    )
    table = load(tmp_path)
    assert (table.limits("google").per_minute, table.limits("google").per_connection) == (7, 50)
    assert table.of_mx("mx.mail.example.org") == "own"
    assert table.pause_after(421, "closing") == MINUTE
    assert table.pause_after(421, "4.7.0 [TSS04]") == 120 * MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "no toml",
        "[providers.google]\nper_minute = 0",
        '[providers.google]\nmx = ".google.com"',
        '[other]\nconnections = "x"',
        '[[answers]]\nsays = "("',
        "answers = [5]",
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / OWN_TABLE).write_text(text)
    with pytest.raises(BadTable, match=OWN_TABLE):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shap = false", "shap is unknown"),
        ("[warm_up]\nfirst_dya = 0", "[warm_up] first_dya is unknown; there are first_day, factor, days"),
        ("[other]\nper_minutes = 5", "[other] per_minutes is unknown"),
        ("[providers.google]\nper_minutes = 5", "[providers.google] per_minutes is unknown"),
        (
            "[providers.gogle]\nper_minute = 5",
            "[providers.gogle] is a new provider and lacks name, source, connections, per_connection, domains or mx",
        ),
        ("[[answers]]\nsay = 'busy'\nminutes = 5", "[[answers]] say is unknown"),
        ("warm_up = false", "[warm_up] is False, and must be a table"),
    ],
)
def test_what_is_mistyped_in_it_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / OWN_TABLE).write_text(text)
    with pytest.raises(BadTable, match=re.escape(said)):
        load(tmp_path)


def test_a_whole_copy_of_the_table_is_taken(tmp_path: Path) -> None:
    (tmp_path / OWN_TABLE).write_text(TABLE.read_text())
    assert load(tmp_path).providers == load(None).providers
