"""The network of a client's address, by which rate limits and bursts count; it is never stored in plain."""

from ipaddress import IPv6Address, ip_address

IPV6_PREFIX_BITS = 64  # what a provider assigns to one household (RFC 6177, RFC 7421)
IPV6_BITS = 128


def network(address: str | None) -> str:
    """Return the network that a client's address is of: an IPv4 address whole, of an IPv6 one its /64.

    An IPv4 address that is written as an IPv6 one (RFC 4291, 2.5.5.2) is itself. What is no address, such as the peer
    of a Unix socket, is of no network: the empty text.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    below = IPV6_BITS - IPV6_PREFIX_BITS
    return f"{IPv6Address(int(found) >> below << below)}/{IPV6_PREFIX_BITS}"
