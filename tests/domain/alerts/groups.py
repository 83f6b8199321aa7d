"""A group of alerts played through time, as its workflow would: every action is carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relance.domain.alerts.delivery import Action, Deliver, Wait, delivered, next_action
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.lifecycle import Firing, HistoryEvent, LifecycleStep, clear, fire, observed, settled
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity

START = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def firing(key: str = "a", severity: Severity = Severity.HIGH, value: int | None = 100) -> Firing:
    return Firing(key, severity, None if value is None else Decimal(value))


class GroupHarness:
    """What people got, and when."""

    def __init__(self, policy: AlertPolicy | None = None) -> None:
        self.policy = policy or AlertPolicy()
        self.now = START
        self.group = AlertGroup("default-lp", START)
        self.sent: list[tuple[timedelta, Deliver]] = []
        self.happenings: list[HistoryEvent] = []

    def fire(self, *firings: Firing, observation: str = "") -> None:
        self.take(fire(self.group, firings, self.now, self.policy, observation))

    def observe(self, observation: str, *firings: Firing) -> None:
        self.take(observed(self.group, firings, observation, self.now, self.policy))

    def clear(self, *keys: str) -> None:
        self.take(clear(self.group, keys, self.now, self.policy))

    def take(self, step: LifecycleStep) -> None:
        self.group = step.group
        self.happenings += step.happenings
        self._work()

    def pass_time(self, span: timedelta) -> None:
        end = self.now + span
        while isinstance(action := self._work(), Wait) and action.until <= end:
            assert action.until > self.now
            self.now = action.until
        self.now = end
        self._work()

    @property
    def told(self) -> list[tuple[timedelta, str, str]]:
        """When, in which words, and about which alerts."""
        return [(at, str(one.telling), "".join(line.key for line in one.lines)) for at, one in self.sent]

    @property
    def next(self) -> Action:
        return next_action(self.group, self.now, self.policy)

    def _work(self) -> Action:
        step = settled(self.group, self.now, self.policy)
        self.group = step.group
        self.happenings += step.happenings
        while isinstance(action := self.next, Deliver):
            self.sent.append((self.now - START, action))
            step = delivered(self.group, action, self.now, self.policy)
            self.group = step.group
            self.happenings += step.happenings
        return action


def most_in_any(interval: timedelta, instants: Sequence[timedelta]) -> int:
    return max((sum(start <= one < start + interval for one in instants) for start in instants), default=0)
