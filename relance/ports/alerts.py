"""The alerts, their silences, and the workflows that deliver them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from relance.contracts.alerts import Decided, DetailsAsked, Inhibited, Sighted
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertRecord, HistoryEntry
from relance.domain.alerts.suppression import Silence
from relance.domain.channels.messages import Attachment


class Alerts(Protocol):
    """The stored alerts; among the open ones there is one per key (SPEC A1)."""

    async def take(self, conditions: Mapping[str, Condition], at: datetime) -> list[AlertRecord]:
        """Open or refresh an alert per key; return those that are open now.

        Left alone, and not returned, is what a later observation overtook: an open alert that was seen by a later run,
        and one that resolved after this very observation or a later one. Opening is decided by a unique index, so that
        two runs at once open one alert.
        """

    async def record(self, entries: Mapping[str, Sequence[HistoryEntry]]) -> None:
        """Apply what happened to the newest alert of each key and add it to its history, each entry once.

        `OPENED` for a key without an open alert opens one anew with the evidence of the last one.
        """

    async def decide(
        self, keys: Sequence[str], entry: HistoryEntry, until: datetime | None = None
    ) -> list[AlertRecord]:
        """Acknowledge or silence the open alerts with these keys; return them as they are now."""

    async def newest(self, keys: Sequence[str]) -> dict[str, AlertRecord]:
        """Return the newest alert of each of these keys, open or not."""

    async def open(self, group: str | None = None) -> list[AlertRecord]:
        """Return the open alerts, of one group or of all, oldest first."""

    async def open_rules(self, rules: Sequence[str]) -> set[str]:
        """Return those of these rules that have an open alert."""

    async def latest_observation(self, group: str) -> str:
        """Return the latest observation any alert of the group was seen by; empty if there is none."""

    async def recent(self, since: datetime, *, limit: int = 1000) -> list[AlertRecord]:
        """Return the alerts that changed since then, newest change first."""


class Silences(Protocol):
    """The silences (SPEC A3)."""

    async def add(self, silence: Silence) -> None:
        """Store a silence."""

    async def end(self, ids: Sequence[str], at: datetime, by: str) -> None:
        """End these silences now if they hold; they stay stored, with who took them back."""

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now, the one that ends first at the front."""


class AlertGroups(Protocol):
    """The workflows that deliver the alerts of a group."""

    async def sighted(self, group: str, news: Sighted) -> None:
        """Signal the group's workflow what was seen; start it if it does not run."""

    async def notify(self, group: str, news: Decided | Inhibited | DetailsAsked) -> bool:
        """Signal the group's workflow; return False if it does not run."""


class Illustrator(Protocol):
    """Draws what belongs to a message about alerts."""

    async def attachments(self, alerts: Sequence[AlertRecord], key: str, language: str) -> tuple[Attachment, ...]:
        """Return the files that go with the message `key`; none if a picture would say no more than the rows."""
