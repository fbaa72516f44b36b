"""The network of a client's address, by which rate limits and bursts are counted; never stored in plain text."""

from ipaddress import IPv6Address, ip_address

IPV6_PREFIX_BITS = 64  # what a provider assigns to one household (RFC 6177, RFC 7421)
IPV6_BITS = 128


def network(address: str | None) -> str:
    """Return the network of a client's address: a whole IPv4 address, or the /64 of an IPv6 one.

    An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) counts as IPv4. The empty string stands for whatever is not an
    address, such as the peer of a Unix socket.
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
