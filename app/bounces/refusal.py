"""Refusals: of what kind one is, by its enhanced status code (RFC 3463, 3.2 and on) and by its words.

Where servers give both, the words are nearer to what they mean: many use 5.7.1 or 5.5.0 for whatever they refuse. What
is in doubt is never HARD, as that ends e-mails to a mailbox: only words and codes that say that there is none.
"""

import re

from app.bounces.verdict import Kind

_CODE = re.compile(r"(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d.]*\d)")
UNSPECIFIC = re.compile(r"[245]\.(0\.0|5\.\d+)")
_HARD_CODE = re.compile(r"5\.(1\.(1|2|3|4|6|10|351)|2\.1|4\.310)")
_FULL_CODE = re.compile(r"[45]\.2\.2")
_SENDER_CODE = re.compile(r"[45]\.1\.[78]")
_POLICY_CODE = re.compile(r"[45]\.7\.\d+")

_FULL = re.compile(
    r"""(?ix) quota | (?:mail)?box \W (?:is \W)? (?:\w+ \W)? full
    | (?:inbox|mailbox) .{0,40} (?:out\ of|exceed|is\ full)
    | (?:mail)?(?:box|folder) .{0,30} (?:\bfull\b|space\ not\ enough)
    | (?:exceed|over) .{0,30} (?:storage|allowed\ size|disk\ ?space|mailbox\ size) | too\ many\ messages
    | disk\ ?space\ limit | (?:mailbox|storage)\ (?:size|space)?\ ?limit | number\ of\ messages\ exceeds
    | (?:postfach|mailbox) .{0,40} (?:\bvoll|überfüllt) | speicherplatz .{0,40} (?:überschritten|erschöpft)
    | boîte .{0,60} pleine | (?:buzón|casilla|caixa|casella) .{0,40} (?:llen[oa]|cheia|piena) | переполнен
    | skrzynk .{0,40} pełna | postvak .{0,30} \bvol\b | 容量 .{0,12} (?:超|不足) | 邮箱 .{0,6} 满 | dolu\ posta
    """
)
_HARD = re.compile(
    r"""(?ix)
    (?:user|recipient|addressee|mailbox|account|userid|address|destinataire|utilisateur) \b .{0,60} \b
        (?:unknown|not\ found|(?:is\ )?not\ (?:a\ )?(?:known|valid|active)|no\ longer\ valid|inconnu|inactive
        |(?:does|do)(?:\ not|n['’]t)\ exist|disabled|closed|deactivated
        |could(?:\ not|n['’]t)\ be\ found|not\ listed|terminated|invalid|discontinued)
    | (?:unknown|invalid|no\ such|not\ a\ known|non-?existent|inactive|disabled|not\ a\ valid|bad) \W (?:\w+\W){0,3}?
        (?:user|recipient|mailbox|account|address|userid|local\ part)
    | no\ (?:mail\ ?box|account|user|recipient)\ (?:here|found|available|by\ that|with) | bad_recipient
    | (?:recipient|rcpt)\ .{0,40}(?:does\ not\ exist|no\ longer) | no\ such\ domain | name\ or\ service\ not\ known
    | user .{0,20} (?:has\ no|doesn['’]?t\ have) | mailbox\ unavailable | unrouteable | unroutable
    | (?:host|domain|host\ or\ domain\ name) \b .{0,60} \b (?:not\ found|unknown|does(?:\ not|n['’]t)\ exist|null\ MX)
    | unknown\ (?:host|domain) | could(?:\ not|n['’]t)\ find\ any\ host | does\ not\ accept\ (?:e-?)?mail
    | recip(?:ient)?notfound | recipient\ address\ rejected:\ access\ denied
    | (?:empfänger|benutzer|adresse|konto) .{0,40} (?:unbekannt|existiert\ nicht|ungültig|nicht\ gefunden)
    | (?:destinatario|usuario|utente|usuário|destinatário) .{0,40} (?:desconocido|sconosciuto|desconhecido|no\ existe
        |inexistente|não\ existe)
    | пользовател .{0,40} не\ (?:существует|найден) | ящик .{0,20} не\ (?:существует|найден)
    | не\ существует | 存在し(?:ません|ない) | 見つかりません | 不存在 | nie\ istnieje | bestaat\ niet | existe\ pas
    """
)
_BLOCKED = re.compile(
    r"""(?ix) spam | junk | unsolicited | black\ ?-?list | block(?:ed|\ ?list) | \brbl | dnsbl | spamhaus | reputation
    | \bdmarc | \bspf\b | \bdkim | unauthenticated | for\ policy | policy\ (?:reasons|violation) | malware
    | contains?\ .{0,12}virus | virus\ (?:found|detected)
    | content .{0,20} (?:filter|restriction|reject) | unacceptable\ content | banned
    | not\ accepting\ mail | not\ pre-approved | on\ our\ list | ip\ is\ in\ a\ list
    | sender\ (?:address|ip|domain)?\ ?(?:is\ )?(?:blocked|rejected|denied) | indésirable | спам | 迷惑
    | (?:complaint|unexpected\ volume|rate\ limit) | not\ in\ allowed\ senders
    """
)
# Said of us, often with the words for a mailbox that is not there: the server has asked for that of our return path.
_OF_SENDER = re.compile(
    r"""(?ix) sender\ verif\w+\ failed | (?:invalid|unknown|bad)\ sender
    | sender(?:['’]s)?\ (?:(?:address|domain|host)\ )?(?:is\ )?(?:rejected|not\ found|unknown|does\ not\ exist)
    """
)
_NOT_RELAYED = re.compile(r"(?i)relay(?:ing)? (?:access )?denied|allowed rcpthosts")
_TRANSIENT = re.compile(
    r"""(?ix) (?:message|mail|incoming|recip)\ ?(?:size|length)?\ ?(?:is\ )?(?:too\ (?:large|big)|limit|exceed)
    | size\ limit
    | temporar | greylist | grey-list | timed\ out | try\ again | looping | too\ many\ hops | max\ message\ size
    """
)


def code_in(text: str) -> str | None:
    """Return the first enhanced status code in a text."""
    found = _CODE.search(text)
    return found[1] if found else None


def more_specific(status: str | None, other: str | None) -> str | None:
    """Return which of two codes for the same refusal says more: servers put 5.0.0 where they know none."""
    if status is None or (other is not None and UNSPECIFIC.fullmatch(status)):
        return other
    return status


def kind_of_refusal(status: str | None, words: str) -> Kind:
    """Return of what kind a refusal is, by its most specific code and its words."""
    status, words = status or "", " ".join(words.split())
    if _FULL_CODE.fullmatch(status) or _FULL.search(words):
        return Kind.FULL
    is_policy = bool(_BLOCKED.search(words))
    if _SENDER_CODE.fullmatch(status) or _OF_SENDER.search(words) or (is_policy and _POLICY_CODE.fullmatch(status)):
        return Kind.BLOCKED
    is_temporary = status.startswith("4")
    # Some servers give 5.1.1 for whatever is wrong when they are told whom an e-mail is for.
    says_else = is_policy or _TRANSIENT.search(words)
    if not is_temporary and (_HARD.search(words) or (_HARD_CODE.fullmatch(status) and not says_else)):
        return Kind.HARD
    if is_policy or _POLICY_CODE.fullmatch(status) or _NOT_RELAYED.search(words):
        return Kind.BLOCKED
    return Kind.SOFT
