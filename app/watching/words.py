"""Labels of states, reasons and visibilities on organisers' pages, and formats of times and durations."""

from datetime import datetime, timedelta

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from app.audit.words import CLUES, REASONS, STATES
from app.models import BURSTS, TOO_SOON, Clue, Visibility
from app.watching.growth import Step
from app.watching.shares import Delays, Places
from app.web import countries, language
from app.web.template_filters import format_moment

__all__ = [
    "CHANGES",
    "CLUES",
    "REASONS",
    "SEEN_BY",
    "STATES",
    "STEPS",
    "VISIBILITIES",
    "begin_of",
    "by_country",
    "by_delay",
    "by_language",
    "clue",
    "duration",
    "short",
]

VISIBILITIES = {
    Visibility.PUBLIC: lazy("seen by everyone"),
    Visibility.DELIVERY: lazy("seen by the addressee"),
    Visibility.ORGANISERS: lazy("seen by organisers only"),
}
SEEN_BY = {
    Visibility.PUBLIC: lazy("Name seen by everyone"),
    Visibility.DELIVERY: lazy("Name seen by the addressee"),
    Visibility.ORGANISERS: lazy("Name seen by organisers only"),
}
CHANGES = {
    Step.HOUR: lazy("Change in each hour"),
    Step.DAY: lazy("Change in each day"),
    Step.WEEK: lazy("Change in each week"),
}
STEPS = {Step.HOUR: lazy("By the hour"), Step.DAY: lazy("By day"), Step.WEEK: lazy("By week")}


def short(moment: datetime) -> str:
    """Return a moment in UTC to the minute, in the reader's language, short enough for lists."""
    return format_moment(moment, "medium")


def begin_of(moment: datetime, step: Step) -> str:
    """Return the beginning of a step of the growth curve in UTC, in the reader's language."""
    return short(moment).removesuffix(" UTC") if step == Step.HOUR else str(format_date(moment, "medium"))


def clue(noticed: Clue) -> str:
    """Return why a signature looks like part of a burst, as the end of a sentence."""
    if noticed == Clue.INSTANT:
        number = int(TOO_SOON.total_seconds())
        return str(
            ngettext(
                "arrived suspiciously fast: confirmed within %(num)d second of its e-mail",
                "arrived suspiciously fast: confirmed within %(num)d seconds of its e-mail",
                number,
            )
        )
    burst = BURSTS[noticed]
    about = {"number": burst.number, "minutes": burst.within // timedelta(minutes=1)}
    if noticed == Clue.NETWORK:
        return str(
            _("one of %(number)d or more from one internet connection, confirmed within %(minutes)d minutes", **about)
        )
    return str(
        _(
            "one of %(number)d or more whose addresses end alike after the @, belong to forwarding services, or are"
            " alike but for their numbers, confirmed within %(minutes)d minutes",
            **about,
        )
    )


def duration(seconds: int) -> str:
    """Return a length of time for people, in its one or two largest units."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return str(ngettext("%(num)d second", "%(num)d seconds", seconds))
    if hours < 1:
        return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))
    if days < 1:
        return str(_("%(hours)d h %(minutes)d min", hours=hours, minutes=minutes % 60))
    return str(_("%(days)d d %(hours)d h", days=days, hours=hours % 24))


def by_country(places: Places) -> list[tuple[str, int]]:
    """Return the countries' names with their numbers, largest first."""
    return [(countries.country_name(code) or str(_("No country given")), number) for code, number in places.countries]


def by_language(places: Places) -> list[tuple[str, int]]:
    """Return the languages' names with their numbers, largest first."""
    return [(language.display_name(tag), number) for tag, number in places.languages]


def by_delay(delays: Delays | None) -> list[tuple[str, int]]:
    """Return the labels of the delay buckets with their numbers, shortest first."""
    if delays is None:
        return []
    names = (_("Under a minute"), _("Under 10 minutes"), _("Under an hour"), _("Under a day"), _("A day or longer"))
    return list(zip(map(str, names), delays.buckets, strict=True))
