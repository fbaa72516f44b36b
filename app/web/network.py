"""The networks of a client's address, by which rate limits and bursts are counted; never stored in plain text."""

from ipaddress import IPv6Address, ip_address, ip_network

# The lengths of an IPv6 address's prefixes, each with how many households' limit it has: what providers assign to one
# household (RFC 6177, RFC 7421), to a small office, and to an organisation or a tunnel that costs nothing.
IPV6_PREFIXES = {64: 1, 56: 4, 48: 16}


def network(address: str | None) -> str:
    """Return the network of one household: a whole IPv4 address, or the /64 of an IPv6 one.

    An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) counts as IPv4. The empty string stands for whatever is not an
    address, such as the peer of a Unix socket.
    """
    return next(iter(networks(address)), "")


def networks(address: str | None) -> dict[str, int]:
    """Return the networks that an address is in, the smallest first, each with how many households' limit it has."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return {}
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if not isinstance(found, IPv6Address):
        return {str(found): 1}
    return {str(ip_network((int(found), bits), strict=False)): times for bits, times in IPV6_PREFIXES.items()}
