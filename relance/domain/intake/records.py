"""The record of a message that was read, and the kept bytes of a message that needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.intake.model import MessageKind
from relance.domain.intake.outcomes import IntakeOutcome

LATE = timedelta(minutes=30)
"""A mail server tries again after some minutes; who has opted out by mail may be written to meanwhile."""
_BY_MAIL = frozenset({"lmtp", "smtp", "file"})


def way_of(via: str) -> str:
    """Return what reported: mail, whichever way it was handed in, or the relay whose webhook it was."""
    return "mail" if via in _BY_MAIL else via


class IntakeRecord(Document):
    """A message that was read: ids and codes, no address and no word of it.

    `digest` is the SHA-256 of what stays the same in every copy (`parsing.stable_bytes`), `via` how it came: `lmtp`,
    `smtp`, `file` or the name of a relay. `code` and `class_` are those of the failure, if it reports one. `waited` are
    the seconds it lay in the queue of our mail server, which hands it over by LMTP.
    """

    digest: str = Field(alias="_id")
    kind: MessageKind
    outcome: IntakeOutcome
    via: str
    at: Utc
    size: int
    invitation_id: str | None = None
    code: str | None = None
    class_: str | None = Field(None, alias="class")
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class IntakeLag:
    """How far the intake is behind: reports that nobody could match to a mail of ours, and what lately had to wait.

    `unmatched` is counted up to a limit, `oldest` is the first of them; `waited` the longest wait of the last hour in
    the queue of the mail server.
    """

    unmatched: int = 0
    oldest: datetime | None = None
    waited: timedelta = timedelta(0)

    @property
    def is_late(self) -> bool:
        """Whether mail waited for longer than a mail server takes to try again."""
        return self.waited >= LATE

    def oldest_for(self, now: datetime) -> timedelta:
        """Return how long the oldest has been unmatched."""
        return max(now - self.oldest, timedelta(0)) if self.oldest is not None else timedelta(0)


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """The bytes of a message, cut to a bound: they hold personal data, and go by themselves."""

    digest: str
    at: datetime
    raw: bytes
    whole: bool
