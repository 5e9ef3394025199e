"""From where a request comes, so that strangers can be slowed apart from each other. Nobody is let in by it.

A proxy in front of the web process is the peer of every connection. What it says of the caller is believed where
TRUSTED_PROXIES names it, and of a chain only the part that trusted proxies wrote: whatever stands further to the left
in X-Forwarded-For, anybody may have written.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
NONE = "none"  # in TRUSTED_PROXIES: callers reach this process themselves
SUBSCRIBER = 64  # bits of an IPv6 address that one customer is given; the rest is theirs to change at will


def networks(text: str) -> Networks:
    """A comma list of addresses and networks. Raises ValueError for anything else."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    return () if words == [NONE] else tuple(ip_network(word) for word in words)


def caller(peer: str, forwarded: str, trusted: Networks) -> str:
    """Who calls, where `peer` is connected and `forwarded` is what X-Forwarded-For says; of IPv6 the network."""
    last = _address(peer)
    if last is None:
        return peer
    for word in reversed(forwarded.split(",")):
        before = _address(word)
        if before is None or not _within(last, trusted):
            break
        last = before
    return str(last) if isinstance(last, IPv4Address) else str(ip_network((last, SUBSCRIBER), strict=False))


def _within(address: Address, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in trusted)


def _address(text: str) -> Address | None:
    """An address as a proxy may write it, with a port or in brackets; an IPv4 one in IPv6's clothes is an IPv4 one."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
