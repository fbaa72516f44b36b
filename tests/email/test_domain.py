"""E-mail domains: validating them, finding their owner, and telling disposable ones."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.email.domain import (
    DISPOSABLE,
    PUBLIC_PROVIDERS,
    IsPublicSuffix,
    NotADomain,
    ascii_domain,
    is_disposable,
    owner_domain,
    registrable,
    unicode_domain,
)

LABELS = st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=5)
SUFFIXES = st.sampled_from(["com", "co.uk", "github.io", "xn--p1ai", "test", "kawasaki.jp", "s3.amazonaws.com"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Example.ORG", "example.org"),
        ("mail.example.co.uk", "mail.example.co.uk"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("github.io", "github.io"),
    ],
)
def test_a_domain_is_converted_to_ascii(typed: str, expected: str) -> None:
    assert ascii_domain(typed) == expected
    assert ascii_domain(unicode_domain(expected)) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "localhost",
        "com",
        "ann@example.org",
        "@example.org",
        '"@example.org',
        "https://example.org",
        "example.org/",
        "example.org:25",
        "example .org",
        "*.example.org",
        "127.0.0.1",
        "[127.0.0.1]",
        "a." * 126 + "se",
        "x" * 254,
        "example.org\x00",
        "\ud800.org",
    ],
)
def test_what_no_address_can_have_is_not_a_domain(typed: str) -> None:
    with pytest.raises(NotADomain):
        ascii_domain(typed)


@pytest.mark.parametrize("typed", ["co.uk", "CO.UK", "com.au", "kawasaki.jp"])
def test_a_public_suffix_is_reported_as_such(typed: str) -> None:
    with pytest.raises(IsPublicSuffix):
        ascii_domain(typed)


@given(text=st.text(max_size=300))
@example("xn--a.org")
def test_any_text_is_a_domain_or_refused(text: str) -> None:
    try:
        domain = ascii_domain(text)
    except NotADomain:
        return
    assert domain.isascii() and domain == domain.lower() and len(domain) < 254
    assert ascii_domain(domain) == domain


@given(labels=LABELS, suffix=SUFFIXES)
def test_subdomains_have_the_same_registrable_domain(labels: list[str], suffix: str) -> None:
    domain = ".".join([*labels, suffix])
    owned = registrable(domain)
    assert domain == owned or domain.endswith(f".{owned}")
    assert registrable(owned) == owned
    assert domain == owned or registrable(f"mail.{domain}") == owned  # what is itself a suffix owns nothing below it


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("mx1.dept.example.co.uk", "example.co.uk"),
        ("ann.github.io", "ann.github.io"),
        ("mail.ann.github.io", "ann.github.io"),
        ("github.io", "github.io"),
        ("mail.example.test", "example.test"),
        ("gmail.com", None),
        ("googlemail.com", None),
        ("yandex.ru", None),
        ("ya.ru", None),
        ("outlook.com", None),
        ("web.de", None),
    ],
)
def test_the_owner_of_a_domain_is_its_registrable_domain_except_for_public_providers(
    domain: str, owner: str | None
) -> None:
    assert owner_domain(domain) == owner


def test_disposable_domains_include_their_subdomains() -> None:
    assert is_disposable("mailinator.com") and is_disposable("a.b.mailinator.com")
    assert (
        not is_disposable("example.org") and not is_disposable("bookshop-mailinator.com") and not is_disposable("com")
    )


def test_the_lists_contain_lower_case_ascii_domains() -> None:
    assert all(one == one.lower() and one.isascii() and "." in one for one in DISPOSABLE | PUBLIC_PROVIDERS)
    assert not DISPOSABLE & PUBLIC_PROVIDERS
