"""Which hosts are this machine itself, so that nothing on the way to them travels over a network."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""What an address may name in place of a host with https."""


def is_here(host: str) -> bool:
    """Return whether a host is this machine's loopback."""
    name = host.lower().strip("[]").rstrip(".")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def is_private(parts: SplitResult) -> bool:
    """Return whether what is sent to an address is encrypted, or stays on this machine."""
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
