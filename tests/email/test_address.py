"""Addresses: what mail can be sent to, and which spellings reach one mailbox."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from app.email.address import (
    MAX_ADDRESS_LENGTH,
    NotAnAddress,
    all_counted_as,
    canonical,
    counted_as,
    deliverable,
    is_tagged,
    without_plus,
    without_tag,
)

ATOM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~."
PROVIDERS = [
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "proton.me", "protonmail.com", "pm.me",
    "yandex.ru", "ya.ru", "yandex.com.tr", "icloud.com", "me.com", "mac.com", "fastmail.com", "posteo.de",
    "yahoo.com", "yahoo.co.uk", "ann.anonaddy.com", "ann.sent.com", "example.org", "Example.ORG", "post.example.co.uk",
    "bücher.example", "XN--BCHER-KVA.example", "почта.example",
    "straße.example", "例え.example", "a-b.example", "xn--e1a.example",
]  # fmt: skip
domains = st.sampled_from(PROVIDERS) | st.from_regex(r"[a-zA-Zéßжñ0-9-]{1,12}\.[a-z]{2,6}", fullmatch=True)
local_parts = st.text(ATOM, min_size=1, max_size=20) | st.text(".+-_aB", min_size=1, max_size=6)
addresses = st.builds("{}@{}".format, local_parts, domains)


def deliverable_or_skip(text: str) -> str:
    try:
        return deliverable(text)
    except NotAnAddress:
        assume(False)
        raise


@settings(max_examples=200)
@given(addresses)
@example("Ann@bücher.example")
@example("._-+tag@proton.me")
def test_a_deliverable_address_stays_the_same(text: str) -> None:
    address = deliverable_or_skip(text)
    assert deliverable(address) == address


@settings(max_examples=200)
@given(addresses)
@example("+tag@gmail.com")
@example("-_+x@proton.me")
@example("a.+b@yandex.ru")
@example("a+b+c@outlook.com")
def test_canonical_is_idempotent(text: str) -> None:
    mailbox = canonical(deliverable_or_skip(text))
    assert canonical(mailbox) == mailbox
    assert mailbox == mailbox.lower()
    assert mailbox.rpartition("@")[0], "a mailbox needs a name"


@settings(max_examples=500)
@given(st.text("ab.-+=#_", min_size=1, max_size=7), domains)
@example("ann-.-1", "gmail.com")
@example("ann.-1", "yandex.ru")
@example("ann--1", "gmail.com")
@example("ann-_-1", "proton.me")
def test_letters_to_an_untagged_address_count_for_one_mailbox_alone(local: str, domain: str) -> None:
    """Else somebody else's letters, or nobody's, would use up those of the mailbox."""
    address = deliverable_or_skip(f"{local}@{domain}")
    assume(not is_tagged(address))
    counted = counted_as(address)
    assert canonical(counted) == canonical(address)
    assert counted_as(counted) == counted


@settings(max_examples=300)
@given(st.text("a-=#_", min_size=1, max_size=5), st.sampled_from(["+1", "+2", "+x"]), domains)
@example("--ann", "+1", "example.org")
@example("=", "+1", "example.org")
def test_whoever_opts_out_together_is_counted_together(local: str, tag: str, domain: str) -> None:
    one, other = deliverable_or_skip(f"{local}@{domain}"), deliverable_or_skip(f"{local}{tag}@{domain}")
    assume(without_plus(one) == without_plus(other))
    assert all_counted_as(one) == all_counted_as(other)
    assert counted_as(one) in all_counted_as(other)


@settings(max_examples=150)
@given(addresses)
def test_an_address_in_capitals_reaches_the_same_mailbox(text: str) -> None:
    address = deliverable_or_skip(text)
    assert canonical(address.upper()) == canonical(address)


@settings(max_examples=150)
@given(st.text(max_size=40) | st.builds("{}@{}".format, st.text(max_size=10), st.text(max_size=10)))
def test_any_text_is_an_address_or_raises_not_an_address(text: str) -> None:
    try:
        address = deliverable(text)
    except NotAnAddress:
        return
    assert address.isascii() and not any(c.isspace() for c in address) and len(address) <= MAX_ADDRESS_LENGTH


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ann@Example.org", "Ann@example.org"),
        ("ann.example+petition@example.org", "ann.example+petition@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("o'hara@example.org", "o'hara@example.org"),
    ],
)
def test_an_address_is_converted_to_what_mail_servers_accept(text: str, address: str) -> None:
    assert deliverable(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "ann@", "@example.org", "ann@localhost", "ann@example", "ann@@example.org", "ann@.org", "ann@org.",
        "ann..b@example.org", ".ann@example.org", "ann.@example.org", "ann b@example.org", " ann@example.org",
        "ann@example.org\n", "ann@exam\0ple.org", "ann\r\nBcc: eve@example.org", "ann@example.org,eve@example.org",
        "Ann <ann@example.org>", '"ann b"@example.org', "ann@[127.0.0.1]", "ann@exa_mple.org", "änn@example.org",
        "=?utf-8?q?hello?=@example.org", "=??Q??=@example.org", f"{'a' * 65}@example.org",
        f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.example",
    ],
)  # fmt: skip
def test_an_undeliverable_address_is_refused(text: str) -> None:
    with pytest.raises(NotAnAddress):
        deliverable(text)


def test_the_longest_address_is_254_characters() -> None:
    longest = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.org"
    assert len(longest) == MAX_ADDRESS_LENGTH
    assert deliverable(longest) == longest
    with pytest.raises(NotAnAddress):
        deliverable(longest.replace(".org", "d.org"))


ONE_MAILBOX = {
    "Google: dots, tags, and the old name": [
        "annexample@gmail.com", "ann.example@gmail.com", "a.n.n.example@gmail.com", "annexample+library@gmail.com",
        "Ann.Example+a+b@GoogleMail.com",
    ],
    "Outlook: tags": ["ann@outlook.com", "ann+library@outlook.com", "ANN+x@Outlook.com"],
    "Hotmail: tags": ["ann@hotmail.com", "ann+library@hotmail.com"],
    "Live: tags": ["ann@live.com", "ann+library@live.com"],
    "Proton: sisters, tags, and dots, hyphens, underscores": [
        "annexample@proton.me", "ann.example@protonmail.com", "ann-example@pm.me", "ann_example@protonmail.ch",
        "a.n-n_example+library@proton.me",
    ],
    "Yandex: its domains, tags, and a dot is a hyphen": [
        "ann-example@yandex.ru", "ann.example@yandex.ru", "ann.example@ya.ru", "ann-example@yandex.com",
        "ann.example@yandex.by", "ann.example@yandex.kz", "ann.example@yandex.com.tr", "ann.example+x@yandex.ru",
    ],
    "Apple: sisters and tags": ["ann@icloud.com", "ann@me.com", "ann@mac.com", "ann+library@icloud.com"],
    "Yahoo: a hyphen begins a tag": ["mallory7@yahoo.com", "mallory7-001@yahoo.com", "Mallory7-a-b@Yahoo.com"],
    "Yahoo abroad": ["mallory7@yahoo.co.uk", "mallory7-001@yahoo.co.uk"],
    "Hotmail abroad: tags": ["ann@hotmail.no", "ann+library@hotmail.no"],
    "Posteo: a name is one person's at all its domains": ["ann@posteo.de", "ann+x@posteo.net", "ann@posteo.ch"],
    "mailbox.org: tags": ["ann@mailbox.org", "ann+library@mailbox.org"],
    "addy.io: all names below one's own": ["a@ann.anonaddy.com", "b@ann.anonaddy.com", "c+d@ann.anonaddy.com"],
    "Fastmail: its other names": ["ann@sent.com", "ann+library@sent.com", "anything@ann.sent.com"],
    "Fastmail: tags, and a domain below": ["ann@fastmail.com", "ann+library@fastmail.com", "anything@ann.fastmail.com"],
    "anywhere: capitals": ["Ann@Example.org", "ann@example.org", "ANN@EXAMPLE.ORG"],
    "anywhere: the domain in its own script": ["ann@bücher.example", "ann@xn--bcher-kva.example"],
}  # fmt: skip


@pytest.mark.parametrize("provider", ONE_MAILBOX)
def test_spellings_of_one_mailbox_are_one(provider: str) -> None:
    assert len({canonical(deliverable(address)) for address in ONE_MAILBOX[provider]}) == 1


TWO_PEOPLE = {
    "tags mean nothing elsewhere": ("ann+library@example.org", "ann@example.org"),
    "dots mean something elsewhere": ("ann.example@example.org", "annexample@example.org"),
    "hyphens and dots differ elsewhere": ("ann-example@example.org", "ann.example@example.org"),
    "dots mean something at Outlook": ("ann.example@outlook.com", "annexample@outlook.com"),
    "Outlook and Hotmail give out names apart": ("ann@outlook.com", "ann@hotmail.com"),
    "Live and MSN give out names apart": ("ann@live.com", "ann@msn.com"),
    "dots mean something at Apple": ("ann.example@icloud.com", "annexample@icloud.com"),
    "dots mean something at Fastmail": ("ann.example@fastmail.com", "annexample@fastmail.com"),
    "Fastmail's domains are apart": ("ann@fastmail.com", "ann@fastmail.fm"),
    "hyphens mean something at Google": ("ann-example@gmail.com", "annexample@gmail.com"),
    "a dot is a hyphen at Yandex, not nothing": ("ann.example@yandex.ru", "annexample@yandex.ru"),
    "Google's name inside another domain": ("ann.example@gmail.com.example", "annexample@gmail.com.example"),
    "a domain below Google's": ("ann+x@mail.gmail.com", "ann@mail.gmail.com"),
    "a tag alone is not an empty name": ("+ann@gmail.com", "+eve@gmail.com"),
    "a plus means nothing at Yahoo": ("ann+library@yahoo.com", "ann@yahoo.com"),
    "Yahoo's domains are apart": ("ann@yahoo.com", "ann@yahoo.de"),
    "Yahoo Japan is another company": ("ann-library@yahoo.co.jp", "ann@yahoo.co.jp"),
    "a hyphen means something at Outlook": ("anne-marie@outlook.com", "anne@outlook.com"),
    "a hyphen means something at GMX": ("anne-marie@gmx.de", "anne@gmx.de"),
    "nothing is known of GMX": ("ann+library@gmx.de", "ann@gmx.de"),
    "nothing is known of Mail.ru": ("ann+library@mail.ru", "ann@mail.ru"),
    "nothing is known of Zoho": ("ann+library@zoho.com", "ann@zoho.com"),
    "nothing is known of Seznam": ("ann+library@seznam.cz", "ann@seznam.cz"),
    "nothing is known of Riseup": ("ann+library@riseup.net", "ann@riseup.net"),
    "a relay's addresses cannot be told apart": ("a1b2@duck.com", "c3d4@duck.com"),
    "two people at one relay": ("x@ann.anonaddy.com", "x@eve.anonaddy.com"),
    "two people": ("ann@example.org", "eve@example.org"),
    "two domains": ("ann@example.org", "ann@example.net"),
}


@pytest.mark.parametrize("reason", TWO_PEOPLE)
def test_addresses_of_two_people_stay_two(reason: str) -> None:
    one, other = TWO_PEOPLE[reason]
    assert canonical(deliverable(one)) != canonical(deliverable(other))


TAGGED = ["ann+1@example.org", "ANN+2@example.org", "ann@example.org", "ann=3@example.org", "ann#4@example.org"]


@pytest.mark.parametrize("tagged", [*TAGGED, "ann--5@example.org", "ann+6=7@example.org"])
def test_letters_are_counted_without_tags_everywhere(tagged: str) -> None:
    assert without_tag(tagged) == "ann@example.org"


@pytest.mark.parametrize("tagged", ["ann-1@yahoo.com", "ann+2@yahoo.com", "ann-3+4@yahoo.com"])
def test_letters_to_yahoo_are_counted_without_either_tag(tagged: str) -> None:
    assert without_tag(tagged) == "ann@yahoo.com"


def test_a_hyphen_in_a_name_is_no_tag() -> None:
    assert without_tag("anne-marie@example.org") != without_tag("anne-lena@example.org")


@pytest.mark.parametrize("strange", ["+ann@example.org", "=ann@example.org", "--ann@example.org", "#@example.org"])
def test_a_name_that_begins_like_a_tag_is_kept(strange: str) -> None:
    assert without_tag(strange) == strange
