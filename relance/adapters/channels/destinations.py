"""Which addresses a channel may call: public ones over https (OWASP: server-side request forgery; SPEC section 13)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host; raises OSError if there are none."""

# Reach an IPv4 address through an IPv6 one, or leave the global internet, though some count as global by registry.
_WRAPPED = tuple(
    IPv6Network(net)
    for net in (
        "::/96",  # IPv4-compatible, RFC 4291
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "2001::/23",  # protocol assignments, among them Teredo, RFC 4380
        "2002::/16",  # 6to4, RFC 3056
        "fec0::/10",  # site-local, RFC 3879
        "5f00::/16",  # SRv6, RFC 9602
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
# Global by registry, private in fact: metadata services of clouds live here.
_RESERVED_V4 = tuple(ip_network(net) for net in ("192.88.99.0/24", "168.63.129.16/32", "100.64.0.0/10"))


class ForbiddenAddressError(Exception):
    """The address must not be called; says why, without the address."""


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, asking the system's resolver off the loop."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def check_url(scheme: str, userinfo: bytes, *, local: bool) -> None:
    """Make sure that a URL's form is one we call; `local` if its host is among the settings' local hosts.

    Raises:
        ForbiddenAddressError: no TLS, or a name and password in the address.
    """
    if scheme not in {"https", "http"} or (scheme == "http" and not local):
        raise ForbiddenAddressError("the destination is not https")
    if userinfo:
        raise ForbiddenAddressError("the destination has a user name in it")


def check_addresses(addresses: list[str]) -> None:
    """Make sure that all addresses of a host are public: the next lookup may begin with another one (DNS rebinding).

    Raises:
        ForbiddenAddressError: one is not.
    """
    if not addresses or not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError("the destination is not a public address")


def is_public(text: str) -> bool:
    """Return whether an address is one of the public internet."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return _public_v4(address) if isinstance(address, IPv4Address) else _public_v6(address)


def _public_v4(address: IPv4Address) -> bool:
    return not any(address in net for net in _RESERVED_V4)


def _public_v6(address: IPv6Address) -> bool:
    isatap = int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    return address.scope_id is None and not isatap and not any(address in net for net in _WRAPPED)
