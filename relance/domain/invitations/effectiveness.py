"""What reminders achieve: answers and opt-outs after them, by local hour and weekday, and the lift (SPEC R7).

Counts only. Groups of fewer than five invitations are not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.proportions import Difference, Proportion, difference
from relance.domain.zones import is_zone, zone_info

WINDOW = timedelta(hours=72)
"""An answer or opt-out within this time after a reminder counts as one to it."""

LEAST = 5
REMINDERS = (MailKind.FIRST, MailKind.SECOND)


class Arm(StrEnum):
    """What was done when a reminder was due and allowed."""

    SENT = "sent"
    FAILED = "failed"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class ReminderGroup:
    """Reminders of one period, type and arm at the same local hour, already counted.

    `at` is any instant of that hour, `zone` the users'. `watched` are those whose window is over; `submitted` and
    `opted_out` are among these. `earlier_held_out` tells that an earlier reminder was held back by the hold-out.
    """

    period: str
    kind: MailKind
    arm: Arm
    at: datetime
    zone: str
    count: int
    watched: int
    submitted: int
    opted_out: int
    earlier_held_out: bool = False


@dataclass(slots=True)
class ReminderTally:
    """How many were sent, of how many the window is over, and what came of these."""

    sent: int = 0
    watched: int = 0
    submitted: int = 0
    opted_out: int = 0

    def add(self, other: ReminderTally) -> None:
        """Add to it."""
        self.sent += other.sent
        self.watched += other.watched
        self.submitted += other.submitted
        self.opted_out += other.opted_out

    @property
    def answers(self) -> Proportion:
        """Who answered within the window."""
        return Proportion(self.submitted, self.watched)

    @property
    def opt_outs(self) -> Proportion:
        """Who opted out within the window."""
        return Proportion(self.opted_out, self.watched)


@dataclass(frozen=True, slots=True)
class Lift:
    """Answers of those who were to be reminded against those who were held out, from the same moment on."""

    reminded: Proportion
    held_out: Proportion

    @property
    def difference(self) -> Difference | None:
        """The lift: what reminding adds to the rate of answers."""
        return difference(self.reminded, self.held_out)


@dataclass(slots=True)
class ReminderEffect:
    """Everything about the reminders of one type, of a period or of several."""

    kind: MailKind
    total: ReminderTally = field(default_factory=ReminderTally)
    by_hour: dict[int, ReminderTally] = field(default_factory=dict)
    by_weekday: dict[int, ReminderTally] = field(default_factory=dict)
    intended: ReminderTally = field(default_factory=ReminderTally)
    held_out: ReminderTally = field(default_factory=ReminderTally)

    def add(self, group: ReminderGroup) -> None:
        """Count a group of reminders."""
        tally = ReminderTally(group.count, group.watched, group.submitted, group.opted_out)
        if group.arm is Arm.SENT:
            local = group.at.astimezone(zone_info(group.zone if is_zone(group.zone) else "UTC"))
            self.total.add(tally)
            self.by_hour.setdefault(local.hour, ReminderTally()).add(tally)
            self.by_weekday.setdefault(local.weekday(), ReminderTally()).add(tally)
        # Whose first reminder was held back is another kind of person by the second: those whom it would have moved
        # are still there. Only who went the same way so far is compared.
        if not group.earlier_held_out:
            # One that could not be delivered was meant to be reminded: leaving it out would favour the reminders.
            (self.held_out if group.arm is Arm.HELD_OUT else self.intended).add(tally)

    def merge(self, other: ReminderEffect) -> None:
        """Add another period."""
        for own, new in ((self.by_hour, other.by_hour), (self.by_weekday, other.by_weekday)):
            for key, tally in new.items():
                own.setdefault(key, ReminderTally()).add(tally)
        for own_tally, tally in (
            (self.total, other.total),
            (self.intended, other.intended),
            (self.held_out, other.held_out),
        ):
            own_tally.add(tally)

    @property
    def lift(self) -> Lift | None:
        """The causal lift; None without a hold-out group whose window is over."""
        if not self.held_out.watched:
            return None
        return Lift(self.intended.answers, self.held_out.answers)


Effects: TypeAlias = dict[tuple[str, MailKind], ReminderEffect]
"""By period and type."""


def count(found: Effects, group: ReminderGroup) -> None:
    """Count a group where it belongs."""
    found.setdefault((group.period, group.kind), ReminderEffect(group.kind)).add(group)


def in_order(found: Effects) -> Effects:
    """Return the effects by period, then by type."""
    return dict(sorted(found.items(), key=lambda item: (item[0][0], REMINDERS.index(item[0][1]))))


def overall(found: Iterable[ReminderEffect]) -> dict[MailKind, ReminderEffect]:
    """Return the effect per type over several periods."""
    whole: dict[MailKind, ReminderEffect] = {}
    for effect in found:
        whole.setdefault(effect.kind, ReminderEffect(effect.kind)).merge(effect)
    return {kind: whole[kind] for kind in REMINDERS if kind in whole}


@dataclass(frozen=True, slots=True)
class Slice:
    """One row of a breakdown; `key` is None for the sum of groups that are too small to be shown."""

    key: int | None
    tally: ReminderTally


def breakdown(tallies: Mapping[int, ReminderTally]) -> list[Slice]:
    """Return the rows in order; small ones go together, with the next larger one if they would still be small.

    A single small row next to a known total could be computed by subtraction.
    """
    strata = dict(sorted(tallies.items()))
    rest, hidden = ReminderTally(), False
    for key, tally in sorted(tallies.items(), key=lambda item: (item[1].sent, item[0])):
        if tally.sent >= LEAST and (not hidden or rest.sent >= LEAST):
            break
        rest.add(strata.pop(key))
        hidden = True
    rows = [Slice(key, tally) for key, tally in strata.items()]
    return [*rows, Slice(None, rest)] if hidden and rest.sent >= LEAST else rows
