"""Macros of SPF records, `%{i}._spf.%{d2}`, filled in for one address and one sender (RFC 7208 section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

_MACRO = re.compile(r"%\{([A-Za-z])(\d*)(r?)([.+,/_=-]*)\}|%([%_-])")
_LITERAL = {"%": "%", "_": " ", "-": "%20"}


@dataclass(frozen=True, slots=True)
class SpfSender:
    """Who is checked: the address a mail comes from, and its envelope sender."""

    address: str
    local_part: str
    domain: str

    @property
    def ip(self) -> IPv4Address | IPv6Address:
        """The address."""
        return ip_address(self.address)


def filled_in(text: str, sender: SpfSender, domain: str) -> str:
    """Return a domain with its macros filled in; `domain` is that of the record.

    An unknown macro and those for explanations alone stay as they are: no such name will be found.
    """

    def one(found: re.Match[str]) -> str:
        letter, digits, reverse, delimiters, literal = found.groups()
        if literal is not None:
            return _LITERAL[literal]
        value = _value(letter.lower(), sender, domain)
        if value is None:
            return found[0]
        parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
        if reverse:
            parts.reverse()
        return ".".join(parts[-int(digits) :] if digits and int(digits) else parts)

    return _MACRO.sub(one, text)


def has_macros(text: str) -> bool:
    """Return whether a domain is known only once its macros are filled in."""
    return "%" in text


def _value(letter: str, sender: SpfSender, domain: str) -> str | None:
    ip = sender.ip
    dotted = str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
    return {
        "s": f"{sender.local_part}@{sender.domain}",
        "l": sender.local_part,
        "o": sender.domain,
        "d": domain,
        "i": dotted,
        "p": "unknown",
        "v": "in-addr" if ip.version == 4 else "ip6",
        "h": sender.domain,
    }.get(letter)
