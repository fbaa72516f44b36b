"""The audit log in words: one sentence for each act, with its details; who did it and when stand beside it."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext

from app.audit.log import Told
from app.models import Act, Reason, Role, Verdict
from app.petitions.labels import labels_of

REASONS: dict[Reason, object] = {
    Reason.MADE_UP: lazy("A made-up name"),
    Reason.DUPLICATE: lazy("The same person twice"),
    Reason.NOT_THEIRS: lazy("Signed with somebody else's address"),
    Reason.AUTOMATED: lazy("Signed by a program"),
    Reason.OFFENSIVE: lazy("Offensive"),
    Reason.OTHER: lazy("Another reason"),
}


def who(told: Told) -> str:
    """Return who did it, for people."""
    if told.by_command:
        return str(_("a command, or the site itself"))
    nobody = _("somebody who was invited") if told.details.get("because") == "declined" else _("a former organiser")
    return told.who or str(nobody)


def sentence(told: Told) -> str:
    """Return what was done, as a sentence without its subject. Details that it has no words for are left out."""
    one = str(_("somebody")) if told.whom is None else told.whom or str(_("a former organiser"))
    of_people: dict[Act, str] = {
        Act.INVITED: _("invited %(whom)s as %(role)s", whom=one, role=_role(told)),
        Act.JOINED: _("joined"),
        Act.ROLE: _("made %(whom)s %(role)s", whom=one, role=_role(told)),
        Act.LEFT: _left(told, one),
        Act.APPOINTED: _("made %(whom)s an administrator of the site", whom=one),
        Act.DISMISSED: _("made %(whom)s no longer an administrator of the site", whom=one),
    }
    return of_people.get(told.act) or _of_petition(told)


def _left(told: Told, one: str) -> str:
    if told.details.get("because") == "expired":
        return str(_("took %(whom)s off, as the invitation had expired", whom=one))
    if told.details.get("because") == "declined":
        return str(_("declined the invitation"))
    is_self = told.who and told.who == told.whom
    return str(_("left") if is_self else _("took %(whom)s off", whom=one))


def _of_petition(told: Told) -> str:
    number = int(told.details.get("number") or 0)
    words: dict[Act, str] = {
        Act.CREATED: _("created the petition"),
        Act.EDITED: _with(_("edited the petition"), labels_of(str(told.details.get("what", "")))),
        Act.IMPORTED: _with(_("brought in a petition file"), labels_of(str(told.details.get("what", "")))),
        Act.OPENED: _("opened the petition"),
        Act.CLOSED: _("closed the petition"),
        Act.REOPENED: _("opened the petition again"),
        Act.EXPORTED: _exported(told),
        Act.INVALIDATED: _with(
            ngettext("invalidated %(num)s signature", "invalidated %(num)s signatures", number),
            REASONS[Reason(str(told.details["reason"]))] if "reason" in told.details else None,
        ),
        Act.RESTORED: ngettext("restored %(num)s signature", "restored %(num)s signatures", number),
        Act.DOMAIN: _domain(told),
        Act.LOOKED: ngettext(
            "marked %(num)s signature as fine that looked like part of a burst",
            "marked %(num)s signatures as fine that looked like part of a burst",
            number,
        ),
        Act.HID: _("hid a comment")
        if told.details.get("part") == "comment"
        else _("took a signature off the petition's page"),
        Act.SHOWED: _("showed a comment again")
        if told.details.get("part") == "comment"
        else _("put a signature on the petition's page again"),
    }
    return words[told.act]


def _domain(told: Told) -> str:
    words: dict[str, str] = {
        Verdict.BLOCK: _("refused the addresses at a domain"),
        Verdict.ALLOW: _("let the addresses at a domain sign"),
    }
    return words.get(str(told.details.get("what")), str(_("removed the rule for a domain")))


def _exported(told: Told) -> str:
    if volume := told.details.get("volume"):
        return str(_("downloaded volume %(number)s of the PDF delivery", number=volume))
    kind = str(told.details.get("format", "")).upper()
    if told.details.get("emails"):
        return str(_("exported the signatures as %(kind)s, with e-mail addresses", kind=kind))
    return str(_("exported the signatures as %(kind)s", kind=kind))


def _with(act: str, detail: object) -> str:
    return f"{act}: {detail}" if detail else act


def _role(told: Told) -> str:
    words: dict[str, str] = {Role.VIEWER: _("viewer"), Role.EDITOR: _("editor"), Role.OWNER: _("owner")}
    return words.get(str(told.details.get("role")), "")
