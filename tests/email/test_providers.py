"""The table of providers: each folds its own tags and no others', each row has its source, each relay is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.email.address import canonical, without_tag
from app.email.domain import DISPOSABLE, is_relay
from app.email.providers import _PROVIDERS, _RELAYS, BY_DOMAIN, RELAYS

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,11}", fullmatch=True)
TAGS = st.from_regex(r"[a-z0-9]{1,8}([+-][a-z0-9]{1,4})?", fullmatch=True)
DOMAINS = st.sampled_from(sorted(BY_DOMAIN))


@given(NAMES, TAGS, DOMAINS)
def test_the_tags_of_each_provider_are_folded(name: str, tag: str, domain: str) -> None:
    separator = BY_DOMAIN[domain].separator
    mailbox = canonical(f"{name}{separator}{tag}@{domain}")
    assert mailbox == canonical(f"{name}@{domain}") == canonical(mailbox)
    assert without_tag(f"{name}+{tag}@{domain}") == without_tag(f"{name}@{domain}")


@given(NAMES, TAGS, DOMAINS)
def test_what_separates_tags_at_other_providers_is_not_folded(name: str, tag: str, domain: str) -> None:
    other = {"+": "-", "-": "+"}[BY_DOMAIN[domain].separator]
    assert canonical(f"{name}{other}{tag}@{domain}") != canonical(f"{name}@{domain}")


@given(NAMES, TAGS, st.sampled_from("+-"))
def test_nothing_is_folded_at_a_provider_that_is_not_listed(name: str, tag: str, separator: str) -> None:
    address = f"{name}{separator}{tag}@example.org"
    assert canonical(address) == address


@given(NAMES, NAMES, DOMAINS)
def test_a_domain_below_a_providers_is_a_name_only_where_it_says_so(name: str, user: str, domain: str) -> None:
    below = f"{user}.{domain}"
    expected = canonical(f"{user}@{domain}") if BY_DOMAIN[domain].subdomains else f"{name}@{below}"
    assert canonical(f"{name}@{below}") == expected


def test_each_row_has_a_source_and_domains_of_its_own() -> None:
    assert all(provider.source.startswith("https://") for provider in _PROVIDERS)
    assert all(source.startswith("https://") for source in _RELAYS)
    listed = [domain for provider in _PROVIDERS for domain in provider.domains.split()]
    assert len(listed) == len(set(listed)) == len(BY_DOMAIN)
    assert all(provider.main in {None, *provider.domains.split()} for provider in _PROVIDERS)


def test_relays_are_lower_case_ascii_domains_and_not_refused() -> None:
    assert all(domain == domain.lower() and domain.isascii() and "." in domain for domain in RELAYS)
    assert not RELAYS & DISPOSABLE


@pytest.mark.parametrize(
    ("domain", "relays"),
    [("duck.com", True), ("ann.anonaddy.me", True), ("privaterelay.appleid.com", True), ("appleid.com", False)],
)
def test_a_relay_is_known_by_its_domain_or_a_parent_of_it(domain: str, relays: bool) -> None:
    assert is_relay(domain) == relays
