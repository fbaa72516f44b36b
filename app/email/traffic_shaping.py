"""Traffic shaping: which provider runs a domain's mailboxes, how much it takes, and what its answers ask for.

The table is app/email/traffic_shaping.toml; the operator's own traffic-shaping.toml overrides it key by key.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_suffix(".toml")
OWN_TABLE = "traffic-shaping.toml"
MAX_PAUSE = timedelta(days=1)
LIMITS = ("connections", "per_connection", "per_minute")
OF_PROVIDER = ("name", "source", *LIMITS)  # beside what it is known by
KNOWN_BY = ("domains", "mx")
OF_ANSWER = ("code", "status", "says", "minutes")


class BadTable(ValueError):
    """The operator's table is not one; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one provider takes: `connections` at once (0: any number), e-mails on each, and e-mails per minute."""

    connections: int
    per_connection: int
    per_minute: int

    @property
    def interval(self) -> timedelta:
        """The time between two e-mails at this rate."""
        return timedelta(minutes=1) / self.per_minute


@dataclass(frozen=True, slots=True)
class Provider:
    """Who runs mailboxes: known by these domains, by what their MX records end with; and where its limits are said."""

    name: str
    domains: frozenset[str]
    mx: tuple[str, ...]
    source: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail server's answer that pauses its provider."""

    code: str
    status: str
    says: re.Pattern[str] | None
    pause: timedelta

    def fits(self, code: int, text: str) -> bool:
        """Tell whether a reply is this answer: its code, and its text with the enhanced status code (RFC 3463)."""
        status = _STATUS.match(text)
        return (
            str(code).startswith(self.code)
            and (not self.status or (status is not None and status[1].startswith(self.status)))
            and (self.says is None or self.says.search(text) is not None)
        )


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many e-mails a new sending address may send each provider on its first days."""

    first_day: int
    factor: float
    days: int

    def most(self, age: timedelta) -> int | None:
        """Return how many e-mails a day at most, at this age of the address; None if it is warm."""
        if not self.first_day or age.days >= self.days:
            return None
        return int(self.first_day * self.factor**age.days)


@dataclass(frozen=True)
class TrafficShaping:
    """The whole table."""

    is_on: bool
    as_of: date
    warm_up: WarmUp
    other: Limits
    providers: Mapping[str, Provider]
    answers: Sequence[Answer] = field(default=())

    @cached_property
    def _by_domain(self) -> dict[str, str]:
        return {domain: key for key, provider in self.providers.items() for domain in provider.domains}

    def of_domain(self, domain: str) -> str | None:
        """Return the key of the provider that is known to run a domain's mailboxes, without asking DNS."""
        return self._by_domain.get(domain)

    def of_mx(self, host: str) -> str | None:
        """Return the key of the provider that a mail exchanger, by its name in lower case, belongs to."""
        for key, provider in self.providers.items():
            if f".{host}".endswith(provider.mx):
                return key
        return None

    def limits(self, provider: str | None) -> Limits:
        """Return what a provider takes, by its key; None is a domain by itself."""
        return self.providers[provider].limits if provider else self.other

    def pause_after(self, code: int, text: str, pauses: int = 0) -> timedelta:
        """Return for how long a provider is to be left alone after this reply and as many pauses before; 0 if not.

        `text` is what a reply says of its own: see app/email/smtp_reply.py.
        """
        if _ABOUT_AN_ADDRESS.match(text):
            return timedelta(0)
        for answer in self.answers:
            if answer.fits(code, text):
                return min(answer.pause * (1 << min(pauses, 10)), MAX_PAUSE)
        return timedelta(0)


def load(folder: Path | None) -> TrafficShaping:
    """Return the table, with what the operator's own in this folder overrides; raise BadTable if that is wrong."""
    table = tomllib.loads(TABLE.read_text())
    own = folder / OWN_TABLE if folder else None
    if own and own.is_file():
        try:
            overrides = tomllib.loads(own.read_text())
            _refuse_unknown(overrides, table)
            _override(table, overrides)
            return _read(table)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, *_WRONG_VALUES) as error:
            raise BadTable(f"{own} cannot be used: {error}. Its keys are those of {TABLE}.") from error
    return _read(table)


def _refuse_unknown(own: Mapping[str, Any], table: Mapping[str, Any]) -> None:
    """Refuse what would override nothing, as it is mistyped, and a new provider that is not whole."""
    _check_keys("", own, table)
    for section in ("warm_up", "other"):
        _check_keys(f"[{section}] ", own.get(section, {}), table[section])
    providers, shipped = own.get("providers", {}), table["providers"]
    for key, row in providers.items():
        place = f"[providers.{key}] "
        _check_keys(place, row, (*OF_PROVIDER, *KNOWN_BY))
        lacks = [name for name in OF_PROVIDER if name not in row]
        if not any(name in row for name in KNOWN_BY):
            lacks.append(" or ".join(KNOWN_BY))
        if key not in shipped and lacks:
            raise ValueError(f"{place}is a new provider and lacks {', '.join(lacks)}; there are {', '.join(shipped)}")
    for row in own.get("answers", []):
        _check_keys("[[answers]] ", row, OF_ANSWER)


def _check_keys(place: str, row: Any, known: Iterable[str]) -> None:
    if not isinstance(row, dict):
        raise TypeError(f"{place}is {row!r}, and must be a table")
    unknown = [key for key in row if key not in known]
    if unknown:
        raise ValueError(f"{place}{', '.join(unknown)} is unknown; there are {', '.join(known)}")


def _override(table: dict[str, Any], own: Mapping[str, Any]) -> None:
    for key, value in own.items():
        if key == "answers":
            table["answers"] = [*value, *table["answers"]]  # the operator's own are looked at first
        elif isinstance(value, dict):
            _override(table.setdefault(key, {}), value)
        else:
            table[key] = value


def _read(table: Mapping[str, Any]) -> TrafficShaping:
    warm_up, other = table["warm_up"], table["other"]
    return TrafficShaping(
        is_on=bool(table["shape"]),
        as_of=table["as_of"],
        warm_up=WarmUp(_number(warm_up, "first_day"), float(warm_up["factor"]), _number(warm_up, "days")),
        other=_limits(other),
        providers={
            key: Provider(
                row["name"], frozenset(_names(row, "domains")), tuple(_names(row, "mx")), row["source"], _limits(row)
            )
            for key, row in table["providers"].items()
        },
        answers=[
            Answer(
                str(row.get("code", "")),
                str(row.get("status", "")),
                re.compile(row["says"], re.IGNORECASE) if "says" in row else None,
                timedelta(minutes=_number(row, "minutes")),
            )
            for row in table["answers"]
        ],
    )


def _limits(row: Mapping[str, Any]) -> Limits:
    return Limits(
        connections=_number(row, "connections"),
        per_connection=_number(row, "per_connection", least=1),
        per_minute=_number(row, "per_minute", least=1),
    )


def _names(row: Mapping[str, Any], key: str) -> list[str]:
    names = row.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{key} is {names!r}, and must be a list of names")
    return names


def _number(row: Mapping[str, Any], key: str, least: int = 0) -> int:
    number = row[key]
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{key} is {number!r}, and must be a whole number from {least} on")
    return number


_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\S)")
_ABOUT_AN_ADDRESS = re.compile(r"\s*[45]\.1\.")  # RFC 3463, 3.2: it says nothing of our rate, whatever follows
_WRONG_VALUES = (AttributeError, OverflowError, TypeError, ValueError, re.error)
