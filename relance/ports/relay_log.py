"""What the relay has recorded about mails whose reply never came (SPEC X4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Knowledge(StrEnum):
    """What a log can say of a mail. Only a complete log can say `absent`; anything less is `unknown`."""

    ACCEPTED = "accepted"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Fate(StrEnum):
    """What became of an accepted mail, as far as the log knows."""

    QUEUED = "queued"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class RelayRecord:
    """What the relay's log says of one mail: the instant of its acceptance, and the Message-ID it was found by."""

    knowledge: Knowledge
    at: datetime | None = None
    queue_id: str | None = None
    fate: Fate | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class LogCoverage:
    """Whether a log can say `absent` of mails since an instant, and on what that rests.

    `understood` of the newest `lines` are lines of the relay in a known form; `oldest` and `newest` are their instants.
    """

    covers: bool
    lines: int
    understood: int
    oldest: datetime | None = None
    newest: datetime | None = None


class RelayLog(Protocol):
    """The records of the relay."""

    @property
    def lag(self) -> timedelta:
        """How far the log may be behind: no mail younger than this is asked about."""

    async def find(self, message_ids: Sequence[str], since: datetime) -> dict[str, RelayRecord]:
        """Return a record for each of these mails, none of them handed over before `since`; one look for all.

        Raises:
            DependencyUnavailable: the log cannot be read.
        """

    async def coverage(self, since: datetime) -> LogCoverage:
        """Return what the log can say of the time from `since` until now.

        Raises:
            DependencyUnavailable: the log cannot be read.
        """
