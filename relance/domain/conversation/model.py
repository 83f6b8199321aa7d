"""What a person asks for in the chat, and why something was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Intent(StrEnum):
    """What a person wants; `yes` takes up what the last message offered, `no` leaves it."""

    YES = "yes"
    NO = "no"
    DETAILS = "details"
    ACKNOWLEDGE = "ack"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    STATUS = "status"
    WHY = "why"
    HELP = "help"


DECIDING = frozenset({Intent.ACKNOWLEDGE, Intent.SILENCE, Intent.UNSILENCE})
"""What changes something: only operators may, and nothing of it is guessed."""


class NameKind(StrEnum):
    """What an id in a message is the id of; `any` is a user or a contact."""

    ALERT = "alert"
    INVITATION = "invitation"
    PERIOD = "period"
    USER = "user"
    CONTACT = "contact"
    ANY = "any"


class Unclear(StrEnum):
    """Why nothing is done with what a person wrote.

    `rest`: beside a decision stands a word that is not known. `end`: a silence without an end, or with one that cannot
    be read.
    """

    UNKNOWN = "unknown"
    SEVERAL = "several"
    NEGATED = "negated"
    REST = "rest"
    NAMES = "names"
    ADDRESS = "address"
    TOO_MUCH = "too_much"
    END = "end"
    PAST = "past"
    TOO_FAR = "too_far"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class Name:
    """An id a person wrote."""

    kind: NameKind
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for; `name` is None when it is about what is being talked of.

    `until` (UTC) and `reason` belong to a silence; `critical`: it is to hold critical alerts back too.
    """

    intent: Intent
    name: Name | None = None
    until: datetime | None = None
    reason: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Nothing is to be done; `intent` is what was understood of it."""

    trouble: Unclear
    intent: Intent | None = None
