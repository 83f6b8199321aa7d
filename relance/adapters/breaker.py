"""The breakers of a process: the circuits of `domain.breaker` with a clock, a log and a place in the metrics."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from typing import TypeAlias

from relance.domain.mail.breaker import BreakerState, Circuit, Permit, Policy
from relance.settings.pacing import Breaking

logger = logging.getLogger(__name__)

Clock: TypeAlias = Callable[[], float]
"""Seconds that only grow."""


class BreakerVerdict(Enum):
    """What a call says about the dependency."""

    SUCCESS = auto()
    FAILURE = auto()
    NOTHING = auto()


class Breaker:
    """The breaker of one dependency; `label` is what logs and metrics call it."""

    def __init__(
        self,
        name: str,
        policy: Policy,
        *,
        label: str,
        clock: Clock,
        changed: Callable[[str, BreakerState, BreakerState], None],
    ) -> None:
        self._circuit = Circuit(name, policy)
        self._label = label
        self._clock = clock
        self._changed = changed

    @property
    def state(self) -> BreakerState:
        """The state since the last call."""
        return self._circuit.state

    def ask(self) -> Permit | float:
        """Return a permit, to be handed back with `settle`; or for how many seconds there is none."""
        before = self._circuit.state
        answer = self._circuit.ask(self._clock())
        self._notify(before)
        return answer

    def settle(self, permit: Permit, verdict: BreakerVerdict) -> None:
        """Hand a permit back."""
        before = self._circuit.state
        if verdict is BreakerVerdict.NOTHING:
            self._circuit.unused(permit)
        elif verdict is BreakerVerdict.FAILURE:
            self._circuit.failed(permit, self._clock())
        else:
            self._circuit.succeeded(permit, self._clock())
        self._notify(before)

    def rest(self) -> float:
        """Return for how many seconds it stays open because of what was seen here."""
        return self._circuit.rest(self._clock())

    def leave_alone(self, seconds: float) -> None:
        """Be open for so long because another process has seen failures."""
        before = self._circuit.state
        self._circuit.leave_alone(seconds, self._clock())
        self._notify(before)

    @contextmanager
    def call(
        self, verdict_on: Callable[[Exception], BreakerVerdict], refused: Callable[[str, float], Exception]
    ) -> Iterator[None]:
        """Run a call in the block; without a permit, raise `refused(detail, seconds)` instead.

        A call that is cancelled says nothing about the dependency.
        """
        permit = self.ask()
        if not isinstance(permit, Permit):
            raise refused(f"it failed lately and is left alone for {permit:.1f} s", permit)
        verdict = BreakerVerdict.NOTHING
        try:
            yield
            verdict = BreakerVerdict.SUCCESS
        except Exception as error:
            verdict = verdict_on(error)
            raise
        finally:
            self.settle(permit, verdict)

    def _notify(self, before: BreakerState) -> None:
        if self._circuit.state is not before:
            self._changed(self._label, before, self._circuit.state)


class Breakers:
    """Makes the breakers of one process and knows their states."""

    def __init__(self, settings: Breaking, clock: Clock = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._states: dict[str, Counter[BreakerState]] = {}

    def busy(self, name: str, label: str = "") -> Breaker:
        """Return a breaker for what is called all the time; without a label the name is shown."""
        return self._make(name, self._settings.busy, label or name)

    def rare(self, name: str) -> Breaker:
        """Return a breaker for what is called now and then."""
        return self._make(name, self._settings.rare, name)

    def states(self) -> Mapping[str, BreakerState]:
        """Return the worst state by label."""
        return {
            label: max((state for state, count in states.items() if count > 0), default=BreakerState.CLOSED)
            for label, states in self._states.items()
        }

    def _make(self, name: str, policy: Policy, label: str) -> Breaker:
        self._states.setdefault(label, Counter())
        return Breaker(name, policy, label=label, clock=self._clock, changed=self._changed)

    def _changed(self, label: str, before: BreakerState, after: BreakerState) -> None:
        # Closed breakers are not counted: those of single domains come and go without telling.
        self._states[label].update({before: -1, after: 1})
        self._states[label][BreakerState.CLOSED] = 0
        level = logging.WARNING if after is BreakerState.OPEN else logging.INFO
        logger.log(level, "breaker %s: %s", label, after.name.lower().replace("_", "-"))
