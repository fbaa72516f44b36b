"""Mail providers: which spellings of an address each is known to deliver to one mailbox, and which services relay.

As of November 2026. A row needs a source: a provider that is wrongly listed costs people their signature. Not listed:
GMX, Mail.ru and Tuta, which offer a few aliases by name instead of tags; Seznam and Riseup, for which no page was found
that speaks of tags; Zoho, for which only its users do; Yahoo Japan, which is another company. Aliases by name cannot be
told by their spelling at any provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: its `domains`, and the `source` that says what it does with what stands before the @.

    Whatever follows `separator` is a tag. A name at any of its domains reaches one mailbox if there is a `main` domain;
    otherwise names are given out apart at each. `certain` tells that all these spellings arrive, whatever the owner has
    set up. `same` is for `str.translate`: characters that are ignored, or taken for others. With
    `subdomains`, anything@user.domain is user@domain.
    """

    source: str
    domains: str
    separator: str = "+"
    main: str | None = None
    certain: bool = False
    same: Mapping[int, int | None] = field(default_factory=dict)
    subdomains: bool = False


def _under(name: str, suffixes: str) -> str:
    return " ".join(f"{name}.{suffix}" for suffix in suffixes.split())


_PROVIDERS = [
    Provider(
        "https://support.google.com/mail/answer/7436150, https://support.google.com/mail/answer/22370",
        "gmail.com googlemail.com",
        main="gmail.com",
        certain=True,
        same=str.maketrans("", "", "."),
    ),
    Provider(
        # Microsoft's page is about companies; that consumers had tags before, since 2013:
        # https://www.zdnet.com/article/microsoft-adds-support-for-custom-email-addresses-in-office-365/
        # No page lists its domains; most of these are in https://github.com/validatorjs/validator.js (normalizeEmail).
        "https://learn.microsoft.com/en-us/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online",
        " ".join(
            [
                _under(
                    "outlook",
                    "com at be cl co.il co.nz co.th com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es fr"
                    " hu id ie in it jp kr lv my ph pt sa sg sk",
                ),
                _under(
                    "hotmail",
                    "com at be ca ch cl co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br"
                    " com.gr com.hk com.mx com.pe com.tr com.tw com.vn cz de dk es fi fr gr hu id ie in it jp kr lt lv"
                    " my nl no ph pt rs sa se sg sk",
                ),
                _under(
                    "live",
                    "com at be ca cl cn co.kr co.uk co.za com.ar com.au com.mx com.my com.pt com.sg de dk es eu fi fr"
                    " hk ie in it jp nl no ru se",
                ),
                "msn.com passport.com windowslive.com",
            ]
        ),
    ),
    Provider(
        # Disposable addresses are a name, a hyphen and a keyword; most of the domains are those that MaxMind folds so:
        # https://github.com/maxmind/minfraud-api-ruby/releases/tag/v2.5.0
        "https://help.yahoo.com/kb/SLN28815.html",
        _under(
            "yahoo",
            "com at be bg ca cl co.id co.il co.in co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.co com.hk"
            " com.hr com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ua com.ve com.vn cz de dk ee es fi fr gr hu"
            " ie in it lt lv nl no pl pt ro se sk",
        )
        + " ymail.com rocketmail.com myyahoo.com y7mail.com",
        separator="-",
    ),
    Provider(
        # What is ignored: `removeEmailAlias` in https://github.com/ProtonMail/WebClients
        "https://proton.me/support/addresses-and-aliases",
        "proton.me protonmail.com protonmail.ch pm.me",
        main="proton.me",
        same=str.maketrans("", "", "._-"),
    ),
    Provider(
        "https://yandex.com/support/id/authorization/email.html, https://yandex.com/support/mail/reg.html",
        "yandex.ru ya.ru yandex.com yandex.by yandex.kz yandex.uz yandex.ua yandex.com.tr",
        main="yandex.ru",
        certain=True,
        same={ord("."): ord("-")},
    ),
    Provider(
        # Apple's page is about its domains, and none speaks of tags; that they arrive:
        # https://kosukety.org/use-plus-sign-alias-in-icloud
        "https://support.apple.com/en-vn/118230",
        "icloud.com me.com mac.com",
        main="icloud.com",
    ),
    Provider(
        "https://www.fastmail.help/hc/en-us/articles/360060591053",
        """
        123mail.org 150mail.com 150ml.com 16mail.com 2-mail.com 4email.net 50mail.com airpost.net allmail.net
        bestmail.us cluemail.com elitemail.org emailcorner.net emailengine.net emailengine.org emailgroups.net
        emailplus.org emailuser.net eml.cc f-m.fm fast-email.com fast-mail.org fastem.com fastemail.us fastemailer.com
        fastest.cc fastimap.com fastmail.cn fastmail.co.uk fastmail.com fastmail.com.au fastmail.de fastmail.es
        fastmail.fm fastmail.fr fastmail.im fastmail.in fastmail.jp fastmail.mx fastmail.net fastmail.nl fastmail.org
        fastmail.se fastmail.to fastmail.tw fastmail.uk fastmail.us fastmailbox.net fastmessaging.com fea.st
        fmail.co.uk fmailbox.com fmgirl.com fmguy.com ftml.net h-mail.us hailmail.net imap-mail.com imap.cc
        imapmail.org inoutbox.com internet-e-mail.com internet-mail.org internetemails.net internetmailing.net
        jetemail.net justemail.net letterboxes.org mail-central.com mail-page.com mailandftp.com mailas.com
        mailbolt.com mailc.net mailcan.com mailforce.net mailftp.com mailhaven.com mailingaddress.org mailite.com
        mailmight.com mailnew.com mailsent.net mailservice.ms mailup.net mailworks.org ml1.net mm.st myfastmail.com
        mymacmail.com nospammail.net ownmail.net petml.com postinbox.com postpro.net proinbox.com promessage.com
        realemail.net reallyfast.biz reallyfast.info rushpost.com sent.as sent.at sent.com speedpost.net
        speedymail.org ssl-mail.com swift-mail.com the-fastest.net the-quickest.com theinternetemail.com veryfast.biz
        veryspeedy.net warpmail.net xsmail.com yepmail.net your-mail.com
        """,
        subdomains=True,
    ),
    Provider(
        # Its blog of 14 December 2023: a name at one of its domains is its owner's at all of them. That tags arrive:
        # https://wp.jochen.hayek.name/blog-en/2010/10/02/e-mail-addresses-and-plussing/
        "https://posteo.de/blog/2",
        _under("posteo", "de net com us ca uk ie es at ch nl be lu me eu"),
        main="posteo.de",
    ),
    Provider("https://kb.mailbox.org/en/private/account-article/what-is-an-alias-and-how-do-i-use-it", "mailbox.org"),
    # A relay, whose users have all names below a name of their own.
    Provider("https://addy.io/faq/", "anonaddy.com anonaddy.me 4wrd.cc", subdomains=True),
]
BY_DOMAIN = {domain: provider for provider in _PROVIDERS for domain in provider.domains.split()}

# Services that give one person as many addresses as they like and forward what comes. Honest people use them, and which
# addresses reach one mailbox cannot be told: organisers see many at once as one group. Apple gives out some at
# icloud.com, which look like any other there. A few domains are named on no page of their service, but seen in use.
_RELAYS = {
    "https://duckduckgo.com/email/": "duck.com",
    "https://support.apple.com/guide/icloud/mme38e1602db/icloud": "privaterelay.appleid.com",
    "https://relay.firefox.com/faq/": "mozmail.com relay.firefox.com",
    "https://simplelogin.io": "simplelogin.com simplelogin.co simplelogin.fr aleeas.com slmail.me slmails.com"
    " silomails.com 8alias.com 8shield.net dralias.com",
    "https://proton.me/support/pass-email-alias": "passmail.net passmail.com passinbox.com passfwd.com",
    "https://addy.io/faq/": "anonaddy.com anonaddy.me addymail.com 4wrd.cc mailer.me",
    "https://adguard-mail.com": "adguardmail.com",
    "https://33mail.com": "33mail.com",
    "https://support.startmail.com/hc/de/articles/18155654045213-Alias-Typen": "use.startmail.com",
}
RELAYS = frozenset(domain for domains in _RELAYS.values() for domain in domains.split())
