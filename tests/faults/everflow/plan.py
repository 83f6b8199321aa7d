"""The runs of the scenario: which fault, which check, which morning, found or not, passing or not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from relance.contracts.names import CheckName
from relance.devstack.everflow.faults import Fault
from tests.faults.everflow.kinds import Kind
from tests.faults.everflow.worlds import ZONE

FIRST_DAY, DAYS = date(2026, 2, 1), 300
HOURS = {CheckName.DEFAULT_LP: 9, CheckName.PAUSED_PARTNER: 8}
# Check, finding and passing as three bits; each pair is complementary, so that any even number of runs is balanced.
_COMBINATIONS = (0, 7, 1, 6, 2, 5, 3, 4)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run; `fault` stays for good unless `passes`."""

    kind: Kind
    number: int
    check: CheckName
    finding: bool
    passes: bool
    on: date
    seed: int
    fault: Fault

    @property
    def nominal(self) -> datetime:
        """When the check's Schedule would have started it."""
        return datetime(self.on.year, self.on.month, self.on.day, HOURS[self.check], tzinfo=ZONE).astimezone(UTC)

    @property
    def recovers(self) -> bool:
        """Whether the check is run again after a fault that did not pass by itself."""
        return not self.passes and not self.kind.crowded

    def __str__(self) -> str:
        found, stays = "finding" if self.finding else "calm", "passes" if self.passes else "stays"
        return f"{self.kind.name} {self.number} ({self.check}, {self.on}, {found}, {stays})"


def plans(kinds: Sequence[Kind], runs: int, seed: int) -> Iterator[Plan]:
    """Yield `runs` runs of each kind; half of them with a finding, half with a fault that passes if it can."""
    for number in range(runs):
        for position, kind in enumerate(kinds):
            chance = random.Random(f"{seed}/{kind.name}/{number}")
            bits = _COMBINATIONS[(number + 2 * position) % 8] ^ (7 if position // 4 % 2 else 0)
            check, passes = list(CheckName)[bits & 1], bool(bits & 4) and not kind.crowded
            times = chance.randint(1, kind.most_times) if passes else None
            placed = {"after": chance.randrange(kind.calls(check)), "times": times}
            yield Plan(
                kind=kind,
                number=number,
                check=check,
                finding=bool(bits & 2),
                passes=passes,
                on=FIRST_DAY + timedelta(days=chance.randrange(DAYS)),
                seed=chance.randrange(1_000_000),
                fault=kind.fault(number).model_copy(update=placed),
            )
