"""The provider of a domain's mailboxes, and the limits of each provider.

By the domain of the address, or, where DNS is asked (`pacing.by_mx`), by the servers that take its mail: a company's
domain that Google or Microsoft hosts then counts to them, and is else a provider of its own. The figures are those that
senders' shaping rules agree on (`reference/mail.md` A.3); free, laposte and sfr are taken to be as strict as orange,
all others bear `OTHERS`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from relance.domain.invitations.addresses import domain_of

OTHER = "other"
"""What every provider outside the table is called in metrics and logs: a domain may name a person."""


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """What all processes together may do at one provider: mails under way at once, and mails per second (None: any)."""

    connections: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of the table, or the domain itself; `label` may be shown."""

    name: str
    label: str = OTHER


LIMITS: dict[str, ProviderLimits] = {
    "google": ProviderLimits(5),
    "microsoft": ProviderLimits(5),
    "yahoo": ProviderLimits(5),
    "apple": ProviderLimits(10),
    "orange": ProviderLimits(3),
    "free": ProviderLimits(3),
    "laposte": ProviderLimits(3),
    "sfr": ProviderLimits(3),
    "gmx": ProviderLimits(4),
}
OTHERS = ProviderLimits(10)

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


# What the names of their mail servers end in.
_SERVERS: tuple[tuple[str, Provider], ...] = tuple(
    (f".{ending}", Provider(name, name))
    for name, endings in {
        "google": ("google.com", "googlemail.com"),
        "microsoft": ("protection.outlook.com", "mx.microsoft"),
        "yahoo": ("yahoodns.net",),
        "apple": ("mail.icloud.com",),
        "orange": ("orange.fr",),
        "free": ("free.fr",),
        "laposte": ("laposte.net",),
        "sfr": ("sfr.fr",),
        "gmx": ("gmx.net", "web.de"),
    }.items()
    for ending in endings
)


def provider_of_servers(hosts: Sequence[str]) -> Provider | None:
    """Return the provider of the table that all these mail servers belong to, if they do."""
    found = {_provider_of_server(host.rstrip(".").lower()) for host in hosts}
    return found.pop() if len(found) == 1 else None


def _provider_of_server(host: str) -> Provider | None:
    return next((provider for ending, provider in _SERVERS if host.endswith(ending)), None)


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
