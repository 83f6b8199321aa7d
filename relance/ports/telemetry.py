"""Metrics and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from relance.domain.invitations.invitation import MailKind
from relance.ports.claims import Result


class Meter(Protocol):
    """Counts and durations for operators; without ids of people."""

    def mail(self, kind: MailKind, result: Result, seconds: float, provider: str, waited: float) -> None:
        """Count one mail handed to the relay.

        `seconds` until its answer, `waited` since the mail was due; `provider` is a label, never a domain.
        """

    def follow_up_started(self) -> None:
        """Count one follow-up."""

    def reminder_skipped(self, kind: MailKind, reason: str) -> None:
        """Count one reminder that was due and not sent; `reason` is a code."""

    def uncertain(self, kind: MailKind, outcome: str) -> None:
        """Count one mail in doubt that was settled; `outcome` is a `Verdict`."""

    def plan_notes(self, notes: Mapping[str, int]) -> None:
        """Count the notes of one page of plans, by code."""

    def job_run(self, job: str, state: str, seconds: float | None) -> None:
        """Count one recorded run of a job, and how long it took if it ran."""

    def alert_event(self, rule: str, event: str, reason: str | None) -> None:
        """Count one thing that happened to an alert; `reason` is a code, of what was suppressed."""

    def alert_message(self, channel: str, result: str) -> None:
        """Count one try to hand a message to a channel."""

    def health(self, probe: str, state: str) -> None:
        """Show the state a probe is in; `state` is a code, `healthy` when nothing is wrong."""

    def unreadable(self, counts: Mapping[str, int]) -> None:
        """Show how many documents of each collection cannot be read; those without any are left out."""


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
