"""Domains of e-mail addresses: validating them, their parents, their owner, and which ones are disposable."""

from collections.abc import Iterator
from functools import cache

import idna
from disposable_email_domains import blocklist
from publicsuffixlist import PublicSuffixList

from app.email.address import NotAnAddress, deliverable
from app.email.providers import BY_DOMAIN, RELAYS

DISPOSABLE = frozenset(blocklist)

# Public e-mail providers, at which many signers are no burst: those of app/email/providers.py, and here the largest of
# each region, as of November 2026.
_LARGEST = """
    yahoo.co.jp aol.com gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr web.de t-online.de freenet.de mail.com email.com
    zoho.com zohomail.eu tutanota.com tutanota.de tutamail.com tuta.com tuta.io hushmail.com riseup.net disroot.org
    runbox.com

    mail.ru bk.ru inbox.ru list.ru internet.ru xmail.ru rambler.ru lenta.ru ro.ru autorambler.ru myrambler.ru narod.ru
    ukr.net i.ua meta.ua bigmir.net tut.by mail.kz abv.bg mail.bg seznam.cz email.cz centrum.cz post.cz azet.sk
    zoznam.sk wp.pl o2.pl onet.pl op.pl interia.pl gazeta.pl freemail.hu citromail.hu inbox.lv mail.ee delfi.lt

    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it tiscali.it alice.it tin.it
    telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl bluewin.ch sunrise.ch a1.net aon.at chello.at telia.com comhem.se
    bredband.net spray.se online.no broadpark.no mail.dk jubii.dk kolumbus.fi luukku.com elisanet.fi btinternet.com
    sky.com talktalk.net virginmedia.com ntlworld.com eircom.net sapo.pt telefonica.net

    comcast.net att.net verizon.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca
    sympatico.ca videotron.ca bigpond.com optusnet.com.au xtra.co.nz uol.com.br bol.com.br terra.com.br ig.com.br

    rediffmail.com walla.co.il qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn
    aliyun.com naver.com daum.net hanmail.net kakao.com nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com
"""
PUBLIC_PROVIDERS = frozenset(BY_DOMAIN) | frozenset(_LARGEST.split())


class NotADomain(ValueError):
    """The text is not a domain that e-mail addresses can have."""


class IsPublicSuffix(NotADomain):
    """The text is a public suffix, such as `co.uk`, under which anybody can register domains."""


def ascii_domain(text: str) -> str:
    """Return the domain in `text` in ASCII (IDNA 2008, RFC 5890) and lower case.

    Raises IsPublicSuffix for a public suffix, and NotADomain for anything else that no address can have.
    """
    if "@" in text:  # or `a"@b` would pass as part of a quoted address
        raise NotADomain("an address")
    try:
        domain = deliverable(f"x@{text}").rpartition("@")[2].lower()
    except NotAnAddress as error:
        raise NotADomain(str(error)) from error
    # ICANN suffixes only: those of companies count as domains, as some of them are disposable as a whole.
    if _suffixes(only_icann=True).privatesuffix(domain) is None:
        raise IsPublicSuffix(domain)
    return domain


def domain_of(address: str) -> str:
    """Return the domain of a deliverable `address`, in ASCII and lower case."""
    return address.rpartition("@")[2].lower()


def unicode_domain(domain: str) -> str:
    """Return a domain (in ASCII) in Unicode, for people to read (RFC 5890)."""
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def with_parents(domain: str) -> Iterator[str]:
    """Yield a domain and its parent domains, the nearest first."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def is_disposable(domain: str) -> bool:
    """Tell whether a domain (in ASCII) or a parent of it is a known provider of disposable addresses."""
    return any(name in DISPOSABLE for name in with_parents(domain))


def is_relay(domain: str) -> bool:
    """Tell whether a domain (in ASCII) or a parent of it is a service that forwards to mailboxes elsewhere."""
    return any(name in RELAYS for name in with_parents(domain))


def registrable(domain: str, *, only_icann: bool = False) -> str:
    """Return the registrable part of a domain (in ASCII), by the public suffix list.

    A public suffix is returned as it is. With `only_icann`, names that a company gives away under its own count as one.
    """
    return str(_suffixes(only_icann=only_icann).privatesuffix(domain) or domain)


def owner_domain(domain: str) -> str | None:
    """Return the registrable part of a domain (in ASCII); None for public e-mail providers."""
    owned = registrable(domain)
    return None if owned in PUBLIC_PROVIDERS or domain in PUBLIC_PROVIDERS else owned


@cache
def _suffixes(*, only_icann: bool) -> PublicSuffixList:
    return PublicSuffixList(only_icann=only_icann)
