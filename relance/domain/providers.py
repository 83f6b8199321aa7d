"""Who runs the mailboxes of a domain, and how much at once a provider likes to be sent.

By the domain of the address alone. A company's domain whose mail Google or Microsoft hosts counts as a provider of its
own: to know better would take a DNS question per domain. The figures are those that senders' shaping rules agree on
(`reference/mail.md` A.3); free, laposte and sfr are taken to be as strict as orange, all others bear `OTHERS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from relance.domain.addresses import domain_of

OTHER = "other"
"""What every provider outside the table is called in metrics and logs: a domain may name a person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may do at one provider: mails under way at once, and mails per second (None: no limit)."""

    connections: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of the table, or the domain itself; `label` may be shown."""

    name: str
    label: str = OTHER


LIMITS: dict[str, Limits] = {
    "google": Limits(5),
    "microsoft": Limits(5),
    "yahoo": Limits(5),
    "apple": Limits(10),
    "orange": Limits(3),
    "free": Limits(3),
    "laposte": Limits(3),
    "sfr": Limits(3),
    "gmx": Limits(4),
}
OTHERS = Limits(10)

_DOMAINS: dict[str, tuple[str, ...]] = {
    "google": ("gmail.com", "googlemail.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "orange": ("orange.fr", "wanadoo.fr"),
    "free": ("free.fr", "aliceadsl.fr", "libertysurf.fr"),
    "laposte": ("laposte.net",),
    "sfr": ("sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "numericable.fr"),
    "yahoo": ("ymail.com", "rocketmail.com", "aim.com"),
}
_KNOWN = {domain: Provider(name, name) for name, domains in _DOMAINS.items() for domain in domains}

# Names that one provider uses under many top-level domains.
_FAMILIES: tuple[tuple[re.Pattern[str], Provider], ...] = tuple(
    (re.compile(rf"({names})\.(com|net|[a-z]{{2}}|com?\.[a-z]{{2}})"), Provider(name, name))
    for name, names in (
        ("microsoft", "outlook|hotmail|live|msn"),
        ("yahoo", "yahoo|aol"),
        ("gmx", r"gmx|web(?=\.de$)"),
    )
)


def provider_of(domain: str) -> Provider:
    """Return who runs the mailboxes of a domain in its normalised form."""
    known = _KNOWN.get(domain)
    if known is not None:
        return known
    return next((provider for pattern, provider in _FAMILIES if pattern.fullmatch(domain)), Provider(domain))


@lru_cache(maxsize=4096)
def label_of(domain: str) -> str:
    """Return what metrics call the provider of a domain as it is written in an address."""
    return provider_of(domain_of(f"x@{domain}")).label
