"""Groups of reminders, and a population whose answers are known, for the tests of the effectiveness."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from relance.domain.invitations.effectiveness import (
    Arm,
    Effects,
    ReminderEffect,
    ReminderGroup,
    count,
    in_order,
    overall,
)
from relance.domain.invitations.holdout import HoldOut
from relance.domain.invitations.invitation import MailKind

AT = datetime(2026, 11, 8, 17, 0, tzinfo=UTC)


def a_group(count: int = 10, **fields: Any) -> ReminderGroup:
    standard = {
        "period": "2026-11",
        "kind": MailKind.FIRST,
        "arm": Arm.SENT,
        "at": AT,
        "zone": "Europe/Paris",
        "count": count,
        "watched": count,
        "submitted": 0,
        "opted_out": 0,
    }
    return ReminderGroup(**{**standard, **fields})


def effects(groups: Iterable[ReminderGroup]) -> Effects:
    """Return the effects by period and type, in order."""
    found: Effects = {}
    for group in groups:
        count(found, group)
    return in_order(found)


def whole(groups: Iterable[ReminderGroup]) -> dict[MailKind, ReminderEffect]:
    """Return the effects by type."""
    return overall(effects(groups).values())


def experiment(people: int, rule: HoldOut, untold: float, lift: float, seed: int) -> Iterator[ReminderGroup]:
    """Yield both arms of one month: who is held out by the rule, who answers by chance."""
    dice = random.Random(seed)
    sizes, answers = {Arm.SENT: 0, Arm.HELD_OUT: 0}, {Arm.SENT: 0, Arm.HELD_OUT: 0}
    for number in range(people):
        arm = Arm.HELD_OUT if rule.kinds(f"2026-11.run{seed}.c{number}") else Arm.SENT
        sizes[arm] += 1
        answers[arm] += dice.random() < untold + (lift if arm is Arm.SENT else 0.0)
    for arm, size in sizes.items():
        yield a_group(size, arm=arm, submitted=answers[arm])
