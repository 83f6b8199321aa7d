"""The hold-out: invitations without reminders, chosen by chance, to measure the reminders' effect (SPEC R7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from relance.domain.invitations.invitation import MailKind

_SALT = "relance hold-out 1"
_STEPS = 2**53


class HeldOut(StrEnum):
    """Which reminders the hold-out group does not get."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"

    @property
    def kinds(self) -> tuple[MailKind, ...]:
        """The reminders it does not get."""
        return (MailKind.FIRST, MailKind.SECOND) if self is HeldOut.BOTH else (MailKind(self.value),)


@dataclass(frozen=True, slots=True)
class HoldOut:
    """The rule: how many per cent of the invitations, and which reminders."""

    percent: float = 0.0
    without: HeldOut = HeldOut.BOTH

    def kinds(self, invitation_id: str) -> tuple[MailKind, ...] | None:
        """Return the reminders an invitation goes without, None if it is not held out.

        A function of the id alone: every caller gets the same answer, in any order and however often. The period is in
        the id, so nobody is held out month after month. A higher percentage adds to the group.
        """
        return self.without.kinds if position(invitation_id) < self.percent / 100 else None


NOBODY = HoldOut()
"""Everybody is reminded."""


def position(invitation_id: str) -> float:
    """Return a place in [0, 1) that depends on nothing about a person, uniform over ids."""
    digest = sha256(f"{_SALT}\n{invitation_id}".encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / _STEPS
