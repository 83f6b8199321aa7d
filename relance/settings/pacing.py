"""The settings of what happens when a dependency is slow or fails (SPEC X3)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from relance.domain.mail.breaker import Policy
from relance.domain.mail.providers import LIMITS, OTHERS, ProviderLimits
from relance.domain.mail.rate_limit import RatePolicy
from relance.settings.group import SettingsGroup

_ENTRY = re.compile(r"([a-z0-9.-]+)=(\d{1,3})(?::(\d+(?:\.\d+)?))?")


def _parsed(text: str) -> dict[str, ProviderLimits]:
    found: dict[str, ProviderLimits] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ENTRY.fullmatch(entry)
        if match is None or not int(match[2]) or (match[3] and not float(match[3])):
            raise ValueError(f"{entry!r} is not like google=5 or orange=3:0.5, each number above 0")
        found[match[1]] = ProviderLimits(int(match[2]), float(match[3]) if match[3] else None)
    return found


def _limits(text: str) -> str:
    _parsed(text)
    return text


class Pacing(SettingsGroup):
    """Mails per provider of mailboxes: how many at once, and what is done when one does not keep up."""

    providers: Annotated[str, AfterValidator(_limits)] = Field(
        "",
        description="Own limits, of each provider for the whole installation, by commas: provider or domain, =, mails "
        "under way at once, and if wanted : "
        f"and mails per second, like google=5,orange=3:0.5. Providers with limits built in: {', '.join(LIMITS)}.",
    )
    by_mx: bool = Field(
        False,
        description="Whether DNS is asked who takes a domain's mail, so that companies' domains at Google or Microsoft "
        "count to these.",
    )
    connections: int = Field(
        OTHERS.connections,
        ge=1,
        le=200,
        description="Most mails under way at once to any other provider or domain, of the whole installation.",
    )
    patience: float = Field(
        5.0,
        ge=0,
        le=60,
        description="Seconds each connection of a process waits for slow providers; then mails are put off.",
    )
    put_off: timedelta = Field(
        timedelta(minutes=1),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="Shortest time for which a single mail is put off.",
    )
    pause: timedelta = Field(
        timedelta(seconds=10),
        ge=timedelta(0),
        le=timedelta(hours=4),
        description="For how long a provider gets nothing after it said too fast, if it does not say itself: from the "
        "whole installation, as soon as the other processes have heard of it (RELANCE_HEALTH__REPORT_EVERY).",
    )
    recovery: timedelta = Field(
        timedelta(minutes=10),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="Time in which a provider that was slowed down gets back to its rate, in each process.",
    )
    slowest: float = Field(
        0.1, gt=0, le=10, description="Mails per second of one process below which no provider is slowed down."
    )
    slow_reply: float = Field(
        20.0,
        gt=0,
        le=900,
        description="Seconds from which on one mail's delivery counts as a failure of its provider.",
    )

    @property
    def rate_policy(self) -> RatePolicy:
        """How the rate of a provider falls after "too fast", and rises again."""
        return RatePolicy(
            pause=self.pause.total_seconds(),
            recovery=self.recovery.total_seconds(),
            slowest=self.slowest,
            spread=self.put_off.total_seconds(),
        )

    @property
    def limits(self) -> dict[str, ProviderLimits]:
        """The limits by provider: those built in, and our own."""
        return {**LIMITS, **_parsed(self.providers)}


class Breaking(SettingsGroup):
    """Circuit breakers: when a dependency that fails is left alone for a while.

    Each process counts for itself. An open breaker of a provider holds for the whole installation; those of the relay,
    of Everflow and of the channels for their process alone.
    """

    failures: int = Field(
        5, ge=1, le=1000, description="Failures of the relay or a provider, seen by one process, that open its breaker."
    )
    window: timedelta = Field(
        timedelta(minutes=1),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="The time within which they are counted.",
    )
    rare_failures: int = Field(
        3,
        ge=1,
        le=1000,
        description="Failures of Everflow or a channel (asked seldom), seen by one process, that open its breaker.",
    )
    rare_window: timedelta = Field(
        timedelta(minutes=15),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="The time within which those are counted.",
    )
    share: float = Field(0.5, gt=0, le=1, description="Least share of a process's calls that must have failed.")
    open_for: timedelta = Field(
        timedelta(seconds=10),
        ge=timedelta(milliseconds=100),
        le=timedelta(hours=1),
        description="How long a breaker stays open at first; twice as long each time the next try fails too.",
    )
    longest: timedelta = Field(
        timedelta(minutes=2),
        ge=timedelta(milliseconds=100),
        le=timedelta(hours=4),
        description="The longest time a breaker stays open.",
    )
    probes: int = Field(
        1, ge=1, le=100, description="Calls at once, of each process, that find out whether a dependency is back."
    )

    @property
    def busy(self) -> Policy:
        """The policy for what is called all the time."""
        return self._policy(self.failures, self.window)

    @property
    def rare(self) -> Policy:
        """The policy for what is called now and then."""
        return self._policy(self.rare_failures, self.rare_window)

    def _policy(self, failures: int, window: timedelta) -> Policy:
        return Policy(
            failures=failures,
            window=window.total_seconds(),
            share=self.share,
            open_for=self.open_for.total_seconds(),
            longest=self.longest.total_seconds(),
            probes=self.probes,
        )
