"""Looks, and rules to judge them by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.domain.health.status import Grade, ProbeResult, ProbeRule, ProbeStatus, Trouble, graded, judged

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def a_rule(**changed: Any) -> ProbeRule:
    return ProbeRule(**{"probe": "memory", "alert": "worker-memory", "warn": 400.0, "limit": 512.0, **changed})


def a_look(value: float | None = 100.0, *, after: float = 0, trouble: Trouble | None = None) -> ProbeResult:
    return ProbeResult(probe="memory", at=START + timedelta(seconds=after), value=value, unit="MiB", trouble=trouble)


def told(values: Iterable[float | Trouble], rule: ProbeRule, before: ProbeStatus | None = None) -> list[ProbeStatus]:
    """Return where the probe stands after each look; a trouble is a look that found nothing."""
    statuses = []
    for number, value in enumerate(values):
        failed = a_look(None, after=number, trouble=value) if isinstance(value, Trouble) else None
        look = failed or a_look(float(value), after=number)
        before = judged(before, look, graded(look, rule, before, ()), rule)
        statuses.append(before)
    return statuses


def graded_run(grades: Iterable[Grade], rule: ProbeRule) -> list[ProbeStatus]:
    statuses: list[ProbeStatus] = []
    for number, grade in enumerate(grades):
        statuses.append(judged(statuses[-1] if statuses else None, a_look(after=number), grade, rule))
    return statuses
