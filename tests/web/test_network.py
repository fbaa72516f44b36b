"""The network of a client's address, which rate limits and bursts count as one household."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.network import network


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
        ("", ""),
        ("192.0.2.7:443", ""),
        ("unix:", ""),
    ],
)
def test_a_household_is_one_network(address: str | None, expected: str) -> None:
    assert network(address) == expected


@given(bits=st.integers(0, 2**128 - 1), other=st.integers(0, 2**64 - 1))
def test_ipv6_addresses_are_one_network_if_their_first_64_bits_are_the_same(bits: int, other: int) -> None:
    one = IPv6Address(bits)
    neighbour = IPv6Address(bits >> 64 << 64 | other)
    stranger = IPv6Address(bits ^ 1 << 64)
    if not {one.ipv4_mapped, neighbour.ipv4_mapped, stranger.ipv4_mapped} - {None}:
        assert network(str(one)) == network(str(neighbour)) == network(one.exploded) != network(str(stranger))


@given(bits=st.integers(0, 2**32 - 1))
def test_an_ipv4_mapped_address_is_the_same_network_as_the_ipv4_address(bits: int) -> None:
    assert network(f"::ffff:{IPv4Address(bits)}") == network(str(IPv4Address(bits))) == str(IPv4Address(bits))


@given(text=st.text(max_size=50))
def test_any_text_gives_a_network_or_the_empty_string(text: str) -> None:
    assert isinstance(network(text), str)
