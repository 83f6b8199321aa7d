"""An SPF record as it is written: its terms, and what is wrong with the text (RFC 7208 section 4.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
LOOKING_UP = frozenset({"include", "a", "mx", "ptr", "exists"})
"""The mechanisms that count towards the ten look-ups, besides `redirect`."""
NEEDING_A_DOMAIN = frozenset({"include", "exists"})

_TERM = re.compile(r"(?P<sign>[+?~-]?)(?P<name>[A-Za-z0-9]+)(?::(?P<value>(?:%\{[^}]*\}|[^/])*))?(?P<prefix>/.*)?\Z")
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9._-]*)=(?P<value>.*)\Z")
_PREFIX = re.compile(r"(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?\Z")
_DOMAIN = re.compile(r"(?:%\{[A-Za-z]\d*r?[.+,/_=-]*\}|%%|%_|%-|[!-$&-~])+\Z")


@dataclass(frozen=True, slots=True)
class SpfTerm:
    """A mechanism with its qualifier (`+`, `-`, `~`, `?`), its value, and its prefix lengths."""

    qualifier: str
    mechanism: str
    value: str = ""
    four: int = 32
    six: int = 128

    def __str__(self) -> str:
        """Return it may stand in a record."""
        return f"{self.qualifier.replace('+', '')}{self.mechanism}{':' + self.value if self.value else ''}"


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """The terms in their order, the domain of `redirect=` (None without one), and the faults of the text."""

    terms: tuple[SpfTerm, ...] = ()
    redirect: str | None = None
    faults: tuple[str, ...] = ()

    @property
    def catch_all(self) -> str | None:
        """The qualifier of `all`, if the record has it."""
        return next((term.qualifier for term in self.terms if term.mechanism == "all"), None)


def is_spf(text: str) -> bool:
    """Return whether a TXT record is an SPF record (RFC 7208 section 4.5): other versions and other texts are not."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def read_spf(text: str) -> SpfRecord:
    """Read a record that begins with `v=spf1`."""
    terms: list[SpfTerm] = []
    redirects: list[str] = []
    faults: list[str] = []
    for word in text.split(" ")[1:]:
        if not word:
            continue
        modifier = _MODIFIER.match(word)
        if modifier is not None and not _is_mechanism(word):
            if modifier["name"].lower() == "redirect":
                redirects.append(modifier["value"])
            continue
        term = _term(word)
        if isinstance(term, str):
            faults.append(term)
        else:
            terms.append(term)
    faults += [f"redirect={redirect!r} is no domain" for redirect in redirects if not _DOMAIN.match(redirect)]
    if len(redirects) > 1:
        faults.append("redirect= stands twice")
    return SpfRecord(tuple(terms), redirects[0] if redirects else None, tuple(faults))


def _is_mechanism(word: str) -> bool:
    found = _TERM.match(word)
    return found is not None and found["name"].lower() in MECHANISMS


def _term(word: str) -> SpfTerm | str:
    found = _TERM.match(word)
    if found is None or found["name"].lower() not in MECHANISMS:
        return f"{word[:60]!r} is no mechanism"
    name, value, prefix = found["name"].lower(), found["value"], found["prefix"] or ""
    qualifier = found["sign"] or "+"
    if name in {"ip4", "ip6"}:
        network = word.partition(":")[2]
        return _network(qualifier, name, network)
    if name == "all":
        return SpfTerm(qualifier, name) if value is None and not prefix else f"{word!r}: all takes no value"
    if (value is None and name in NEEDING_A_DOMAIN) or (value is not None and not _DOMAIN.match(value)):
        return f"{word[:60]!r} names no domain"
    lengths = _prefix_lengths(prefix)
    if lengths is None or (prefix and name not in {"a", "mx"}):
        return f"{word[:60]!r}: {prefix} is no prefix length here"
    return SpfTerm(qualifier, name, value or "", *lengths)


def _prefix_lengths(prefix: str) -> tuple[int, int] | None:
    found = _PREFIX.match(prefix)
    if found is None:
        return None
    four, six = int(found["four"] or 32), int(found["six"] or 128)
    return (four, six) if four <= 32 and six <= 128 else None


def _network(qualifier: str, name: str, text: str) -> SpfTerm | str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"{name}:{text[:60]} is no network"
    if network.version != int(name[2]):
        return f"{name}:{text[:60]} is an address of the other kind"
    return SpfTerm(qualifier, name, text)
