"""The address guard: no URL, redirect or DNS answer may reach inside the operator's network.

The check stands where the socket is made, on the very address that is about to be connected to. So it sees literal
hosts (in any notation), resolved names and rebinding alike, and there is no gap between check and connect.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from functools import lru_cache
from typing import Any

# Where an address stands for another one, or for nothing that serves the public. IANA special-purpose registries
# (RFC 6890) and the RFC of each mechanism.
_SPECIAL: tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str], ...] = (
    (ipaddress.ip_network("0.0.0.0/8"), "an unspecified address"),
    (ipaddress.ip_network("100.64.0.0/10"), "a carrier-internal address (RFC 6598)"),
    (ipaddress.ip_network("192.0.0.0/24"), "a reserved address"),
    (ipaddress.ip_network("192.88.99.0/24"), "a 6to4 relay address"),
    (ipaddress.ip_network("198.18.0.0/15"), "a benchmarking address (RFC 2544)"),
    (ipaddress.ip_network("::ffff:0:0/96"), "an IPv4-mapped IPv6 address"),
    (ipaddress.ip_network("::ffff:0:0:0/96"), "an IPv4-translated IPv6 address"),
    (ipaddress.ip_network("64:ff9b:1::/48"), "a local translation address (RFC 8215)"),
    (ipaddress.ip_network("2002::/16"), "a 6to4 address"),
    (ipaddress.ip_network("2001::/32"), "a Teredo address"),
    (ipaddress.ip_network("100::/64"), "a discard address"),
    (ipaddress.ip_network("fec0::/10"), "a site-local address"),
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052; how hosts with IPv6 alone reach public IPv4 servers

REFUSED = "refused by the address guard"
"""Stands in the text of every refusal. A connector that tried several addresses joins their texts into one error of
its own, and this is then the only trace of ours."""


class AddressRefusedError(OSError):
    """A connection would have gone to an address that sources may not reach."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"{REFUSED}: {address} is {why}")
        self.address = address
        self.why = why


@lru_cache(maxsize=4096)
def refusal(address: str) -> str | None:
    """Why an IP address is off limits, as ``a private address``; ``None`` if it is a public one.

    What cannot be read as an address is refused: the operating system may read ``0177.0.0.1`` as loopback.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "not an address in plain notation"
    if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id:
        return "a link-local address"
    if ip in _NAT64:
        return refusal(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    for network, what in _SPECIAL:
        if ip.version == network.version and ip in network:
            return what
    if ip.is_unspecified:
        return "an unspecified address"
    if ip.is_loopback:
        return "a loopback address"
    if ip.is_link_local:
        return "a link-local address"
    if ip.is_multicast:
        return "a multicast address"
    if ip.is_private:
        return "a private address"
    if ip.is_reserved or not ip.is_global:
        return "a reserved address"
    return None


AddrInfo = tuple[Any, Any, int, str, tuple[Any, ...]]  # as socket.getaddrinfo gives it


def guarded_socket(addr_info: AddrInfo) -> socket.socket:
    """A socket factory for :class:`aiohttp.TCPConnector`. Raises :class:`AddressRefusedError`."""
    family, kind, protocol, _, address = addr_info
    why = refusal(str(address[0]))
    if why is not None:
        raise AddressRefusedError(str(address[0]), why)
    return socket.socket(family, kind, protocol)


def allowance(allow: frozenset[str] | bool) -> Callable[[str], bool]:
    """Which hosts may have any address: all (``True``), none (``False``), or those named, spelled in any case."""
    if isinstance(allow, bool):
        return lambda host: allow
    named = frozenset(_plain(host) for host in allow)
    return lambda host: _plain(host) in named


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
