"""The network of a client: what limits and bursts take for one household, whatever way its address is written."""

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
def test_what_differs_below_the_64_bits_is_one_network_and_what_differs_above_is_not(bits: int, other: int) -> None:
    one = IPv6Address(bits)
    neighbour = IPv6Address(bits >> 64 << 64 | other)
    stranger = IPv6Address(bits ^ 1 << 64)
    if not {one.ipv4_mapped, neighbour.ipv4_mapped, stranger.ipv4_mapped} - {None}:
        assert network(str(one)) == network(str(neighbour)) == network(one.exploded) != network(str(stranger))


@given(bits=st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_the_same_in_both_ways_of_writing_it(bits: int) -> None:
    assert network(f"::ffff:{IPv4Address(bits)}") == network(str(IPv4Address(bits))) == str(IPv4Address(bits))


@given(text=st.text(max_size=50))
def test_any_text_has_a_network_or_none(text: str) -> None:
    assert isinstance(network(text), str)
