"""The health of our dependencies: turns single probe results into states that change slowly (SPEC H2).

One look may be bad by accident. A dependency is unhealthy after `fail_after` bad looks in a row, and well again after
`recover_after` others; people are notified of these two moments only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Utc, Wire
from relance.domain.failures import Severity

READINGS_KEPT = 24


class Health(StrEnum):
    """The health of a dependency.

    `degraded` is shown but not notified; `unknown` means that the probe could not run.
    """

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """The grade of one probe result."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


class Trouble(StrEnum):
    """Why a probe found no value."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    ERROR = "error"


class Concern(Wire):
    """What is wrong with one of several subjects of a probe: a code, a count, and a further code."""

    code: str
    count: int = 0
    reason: str = ""


class ProbeResult(Wire):
    """The result of one probe: a value, or why there is none. `detail` is a code or a name, never a person.

    `concerns` are by subject what is wrong, where each subject has an alert of its own.
    """

    probe: str
    at: Utc
    value: float | None = None
    unit: str = ""
    detail: str = ""
    trouble: Trouble | None = None
    concerns: dict[str, Concern] = Field(default_factory=dict)


class PastLook(Document):
    """An earlier result, as it is stored."""

    at: Utc
    grade: Grade
    value: float | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class ProbeRule:
    """How the results of a probe are judged.

    A value above `warn` is a warning, one above `limit` bad. A counter is bad when it grew since the last look. A look
    that failed while one of `needs` failed too says nothing: an outage is notified once. `soft` are the troubles that
    are warnings only. `alert` is the rule of the alert about it; with `by_subject` each thing that is wrong has an
    alert of its own, and with `tells_degraded` also while the probe is no worse than degraded.
    """

    probe: str
    alert: str
    severity: Severity = Severity.HIGH
    warn: float | None = None
    limit: float | None = None
    counter: bool = False
    fail_after: int = 2
    recover_after: int = 2
    needs: frozenset[str] = frozenset()
    soft: frozenset[Trouble] = frozenset()
    by_subject: bool = False
    tells_degraded: bool = False


class ProbeStatus(Document):
    """The status of a probe: its state, since when, how many results in a row were bad or not, and the newest results.

    `told`: whether people have been notified that it is unhealthy, `told_of` by subject what they were notified of.
    `value`, `unit`, `detail` and `concerns` are of the last look that found a value; `trouble` is of the last look.
    """

    probe: str = Field(alias="_id")
    state: Health
    since: Utc
    at: Utc
    bad: int = 0
    good: int = 0
    told: bool = False
    told_of: dict[str, str] = Field(default_factory=dict)
    concerns: dict[str, Concern] = Field(default_factory=dict)
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    detail: str = ""
    trouble: Trouble | None = None
    looks: tuple[PastLook, ...] = ()


def graded(look: ProbeResult, rule: ProbeRule, before: ProbeStatus | None, failed: Collection[str]) -> Grade:
    """Return what a look says; `failed` are the probes whose look found no value at the same time."""
    if look.trouble is not None:
        if rule.needs.intersection(failed):
            return Grade.UNKNOWN
        return Grade.WARNING if look.trouble in rule.soft else Grade.BAD
    value = look.value or 0.0
    if rule.counter:
        known = before.value if before is not None else None
        return Grade.BAD if known is not None and value > known else Grade.GOOD
    if rule.limit is not None and value > rule.limit:
        return Grade.BAD
    return Grade.WARNING if rule.warn is not None and value > rule.warn else Grade.GOOD


def judged(before: ProbeStatus | None, look: ProbeResult, grade: Grade, rule: ProbeRule) -> ProbeStatus:
    """Return where a probe stands after one more look."""
    bad, good = (before.bad, before.good) if before else (0, 0)
    if grade is not Grade.UNKNOWN:
        bad, good = (bad + 1, 0) if grade is Grade.BAD else (0, good + 1)
    state = _state(before, grade, rule, bad, good)
    found = look.trouble is None
    kept = before.looks if before else ()
    return ProbeStatus(
        probe=look.probe,
        state=state,
        since=before.since if before is not None and before.state is state else look.at,
        at=look.at,
        bad=bad,
        good=good,
        told=before.told if before else False,
        told_of=before.told_of if before else {},
        concerns=look.concerns if found or before is None else before.concerns,
        value=look.value if found or before is None else before.value,
        unit=look.unit if found or before is None else before.unit,
        limit=rule.limit,
        detail=look.detail if found or before is None else before.detail,
        trouble=look.trouble,
        looks=(*kept, PastLook(at=look.at, grade=grade, value=look.value, trouble=look.trouble))[-READINGS_KEPT:],
    )


def is_settled(standing: ProbeStatus, rule: ProbeRule) -> bool:
    """Return whether looking again soon would change nothing if it found the same."""
    if rule.counter or standing.state is Health.UNKNOWN:
        return True
    return not (standing.good if standing.state is Health.UNHEALTHY else standing.bad)


def _state(before: ProbeStatus | None, grade: Grade, rule: ProbeRule, bad: int, good: int) -> Health:
    if before is not None and before.state is Health.UNHEALTHY:
        if good < rule.recover_after:
            return Health.UNHEALTHY
    elif bad >= rule.fail_after:
        return Health.UNHEALTHY
    if grade is Grade.UNKNOWN:
        return Health.UNKNOWN
    return Health.HEALTHY if grade is Grade.GOOD else Health.DEGRADED
