"""The audit log in words: one sentence for each act, with its details."""

from datetime import date

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from app.audit.log import AuditLine
from app.models import Act, Clue, Reason, Role, State, Verdict
from app.petitions.labels import labels_of
from app.web.countries import country_name

REASONS: dict[Reason, object] = {
    Reason.MADE_UP: lazy("A made-up name"),
    Reason.DUPLICATE: lazy("The same person twice"),
    Reason.NOT_THEIRS: lazy("Signed with somebody else's address"),
    Reason.AUTOMATED: lazy("Signed by a program"),
    Reason.OFFENSIVE: lazy("Offensive"),
    Reason.OTHER: lazy("Another reason"),
}


STATES = {
    State.VERIFIED: lazy("Verified"),
    State.WITHDRAWN: lazy("Withdrawn"),
    State.INVALIDATED: lazy("Invalidated"),
}
CLUES = {
    Clue.NETWORK: lazy("Many from one internet connection"),
    Clue.DOMAIN: lazy("Many with the same ending after the @, or alike"),
    Clue.INSTANT: lazy("Arrived suspiciously fast"),
}


def who(line: AuditLine) -> str:
    """Return who did it, in words."""
    if line.from_cli:
        return str(_("a command, or the site itself"))
    unknown = _("somebody who was invited") if line.details.get("because") == "declined" else _("a former organiser")
    return line.who or str(unknown)


def sentence(line: AuditLine) -> str:
    """Return what was done, as a sentence without its subject. Details without words are left out."""
    person = str(_("somebody")) if line.whom is None else line.whom or str(_("a former organiser"))
    of_people: dict[Act, str] = {
        Act.INVITED: _("invited %(whom)s as %(role)s", whom=person, role=_role(line)),
        Act.JOINED: _("joined"),
        Act.ROLE: _("made %(whom)s %(role)s", whom=person, role=_role(line)),
        Act.LEFT: _left(line, person),
        Act.APPOINTED: _("made %(whom)s an administrator of the site", whom=person),
        Act.DISMISSED: _("made %(whom)s no longer an administrator of the site", whom=person),
        Act.ENTITLED: _("let %(whom)s open petitions", whom=person),
        Act.DISENTITLED: _("took from %(whom)s the right to open petitions", whom=person),
    }
    return of_people.get(line.act) or _of_petition(line)


def _left(line: AuditLine, person: str) -> str:
    if line.details.get("because") == "expired":
        return str(_("took %(whom)s off, as the invitation had expired", whom=person))
    if line.details.get("because") == "declined":
        return str(_("declined the invitation"))
    is_self = line.who and line.who == line.whom
    return str(_("left") if is_self else _("took %(whom)s off", whom=person))


def _of_petition(line: AuditLine) -> str:
    number = int(line.details.get("number") or 0)
    words: dict[Act, str] = {
        Act.CREATED: _("created the petition"),
        Act.EDITED: _with(_("edited the petition"), labels_of(str(line.details.get("what", "")))),
        Act.IMPORTED: _with(_("brought in a petition file"), labels_of(str(line.details.get("what", "")))),
        Act.DELETED: _("deleted the draft of a petition"),
        Act.OPENED: _("opened the petition"),
        Act.CLOSED: _("closed the petition"),
        Act.REOPENED: _("opened the petition again"),
        Act.EXPORTED: _exported(line),
        Act.INVALIDATED: _with(
            ngettext("invalidated %(num)s signature", "invalidated %(num)s signatures", number),
            REASONS[Reason(str(line.details["reason"]))] if "reason" in line.details else None,
        ),
        Act.RESTORED: ngettext("restored %(num)s signature", "restored %(num)s signatures", number),
        Act.DOMAIN: _domain(line),
        Act.LOOKED: ngettext(
            "marked %(num)s signature as fine that looked suspicious",
            "marked %(num)s signatures as fine that looked suspicious",
            number,
        ),
        Act.LISTED: _with(_("looked at the list of signatures"), _filter(line)),
        Act.SOUGHT: _("looked for signatures by name")
        if line.details.get("by") == "name"
        else _("looked for a signature by its e-mail address"),
        Act.ALLOWED: _("let e-mails go to an address again"),
        Act.HID: _("hid a comment")
        if line.details.get("part") == "comment"
        else _("took a signature off the petition's page"),
        Act.NEWS: _news(line),
        Act.SHOWED: _("showed a comment again")
        if line.details.get("part") == "comment"
        else _("put a signature on the petition's page again"),
    }
    return words[line.act]


def _filter(line: AuditLine) -> str:
    """Return the filter of a list, as app/watching/selection.py writes it, in words."""
    state, country, day, clue = (str(line.details.get(name, "")) for name in ("state", "country", "day", "clue"))
    words = (
        STATES[State(state)] if state else "",
        country_name(country),
        format_date(date.fromisoformat(day), "medium") if day else "",
        CLUES[Clue(clue)] if clue in set(Clue) else _("Worth a look") if clue else "",
    )
    return ", ".join(str(word) for word in words if word)


def _domain(line: AuditLine) -> str:
    words: dict[str, str] = {
        Verdict.BLOCK: _("refused the addresses at a domain"),
        Verdict.ALLOW: _("let the addresses at a domain sign"),
    }
    return words.get(str(line.details.get("what")), str(_("removed the rule for a domain")))


def _news(line: AuditLine) -> str:
    number = line.details.get("number")
    words: dict[str, str] = {
        "begun": _("began to write news %(number)s", number=number),
        "written": _("wrote news %(number)s", number=number),
        "deleted": _("deleted the draft of news %(number)s", number=number),
        "asked": _("asked to send news %(number)s", number=number),
        "consented": _("consented to send news %(number)s", number=number),
        "paused": _("paused news %(number)s", number=number),
        "resumed": _("went on sending news %(number)s", number=number),
        "taken back": _(
            "made news %(number)s a draft again, as whoever asked to send it is no longer an owner", number=number
        ),
        "cancelled": _("cancelled news %(number)s", number=number),
    }
    return words.get(str(line.details.get("what")).partition(":")[0], "")


def _exported(line: AuditLine) -> str:
    if line.details.get("what") == "log":
        return str(_("saved this log as a file"))
    if volume := line.details.get("volume"):
        return str(_("downloaded volume %(number)s of the PDF delivery", number=volume))
    kind = str(line.details.get("format", "")).upper()
    if line.details.get("trial"):
        return str(_("tried out a list as %(kind)s, with the initials of a few", kind=kind))
    if line.details.get("emails"):
        return str(_("exported the signatures as %(kind)s, with e-mail addresses", kind=kind))
    return str(_("exported the signatures as %(kind)s", kind=kind))


def _with(act: str, detail: object) -> str:
    return f"{act}: {detail}" if detail else act


def _role(line: AuditLine) -> str:
    words: dict[str, str] = {Role.VIEWER: _("viewer"), Role.EDITOR: _("editor"), Role.OWNER: _("owner")}
    return words.get(str(line.details.get("role")), "")
