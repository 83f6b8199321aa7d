"""Judges the results of the probes and raises their alerts, for the health check and for `doctor` (SPEC H2)."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Rule
from relance.domain.health.status import (
    Health,
    ProbeResult,
    ProbeRule,
    ProbeStatus,
    Trouble,
    graded,
    is_settled,
    judged,
)
from relance.errors import DependencyUnavailable, MailRefused, RelanceError, ReportRefused, ReportUnavailable
from relance.ports import Clock
from relance.ports.health import HealthChecks, Probe, ProbeReading
from relance.services.alerts import AlertService
from relance.services.conditions import probe_concern, probe_unhealthy, subject_of_probe

logger = logging.getLogger(__name__)


async def run_probes(probes: Iterable[Probe], clock: Clock) -> list[ProbeResult]:
    """Run all probes at the same time; a probe that hangs is given up at its deadline and delays no other."""
    return list(await asyncio.gather(*(_run_probe(probe, clock) for probe in probes)))


async def _run_probe(probe: Probe, clock: Clock) -> ProbeResult:
    looking = asyncio.ensure_future(probe.look())
    # Not wait_for: it waits for what it has cancelled, and what hangs may not care.
    done, _ = await asyncio.wait({looking}, timeout=probe.deadline)
    if not done:
        looking.cancel()
        looking.add_done_callback(_forget)
        return ProbeResult(probe=probe.name, at=clock.now(), trouble=Trouble.TIMEOUT)
    error = looking.exception()
    if error is not None:
        return ProbeResult(probe=probe.name, at=clock.now(), trouble=_trouble(probe.name, error))
    reading = looking.result()
    value = round(reading.value, 3)
    return ProbeResult(
        probe=probe.name,
        at=clock.now(),
        value=value,
        unit=reading.unit,
        detail=reading.detail,
        concerns=dict(reading.concerns),
    )


def _forget(looking: asyncio.Future[ProbeReading]) -> None:
    if not looking.cancelled():
        looking.exception()


def _trouble(probe: str, error: BaseException) -> Trouble:
    match error:
        case ReportUnavailable() if error.code == str(HTTPStatus.TOO_MANY_REQUESTS):
            # A server that asks us to slow down works.
            return Trouble.REFUSED
        case DependencyUnavailable():
            return Trouble.UNREACHABLE
        case MailRefused() | ReportRefused():
            return Trouble.REFUSED
        case RelanceError() | TimeoutError():
            return Trouble.ERROR
    # The text may quote anything; where it came from is enough to find it.
    logger.error("the look at %s ended in a %s", probe, type(error).__name__)
    return Trouble.ERROR


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of every probe after a round; `settled` unless another round soon may change a state."""

    statuses: Sequence[ProbeStatus]
    fired: Sequence[str]
    cleared: Sequence[str]
    settled: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many probes are in each state, and how many alerts began and ended."""
        states = Counter(str(standing.state) for standing in self.statuses)
        return {**{str(state): states[state] for state in Health}, "fired": len(self.fired), "over": len(self.cleared)}


@dataclass(frozen=True, slots=True)
class HealthMonitor:
    """Takes probe results: stores the state of each probe, and raises or clears alerts for those that changed."""

    rules: Mapping[str, ProbeRule]
    checks: HealthChecks
    alerts: AlertService

    async def take(self, looks: Sequence[ProbeResult]) -> Judgement:
        """Judge a round of looks.

        What people were notified of is stored after the alert: after a crash in between the alert is raised once more,
        which knows it already.
        """
        statuses = probe_statuses(looks, self.rules, await self.checks.all())
        await self.checks.store(statuses)
        whole = [status for status in statuses if not self.rules[status.probe].by_subject]
        unwell = [status for status in whole if status.state is Health.UNHEALTHY and not status.told]
        well = await self._well_again(whole)
        if unwell:
            await self.alerts.fire([self._sighting(status) for status in unwell])
        for status in well:
            await self.alerts.clear(self.rules[status.probe].alert, subject_of_probe(self.rules[status.probe]))
        notified = {status.probe: True for status in unwell} | {status.probe: False for status in well if status.told}
        changed = {
            status.probe: status.model_copy(update={"told": notified[status.probe]})
            for status in statuses
            if status.probe in notified
        }
        for status in statuses:
            if (
                self.rules[status.probe].by_subject
                and (due := due_concerns(status, self.rules[status.probe])) != status.told_of
            ):
                changed[status.probe] = await self._notify_concerns(status, due)
        await self.checks.store(list(changed.values()))
        return Judgement(
            statuses=[changed.get(status.probe, status) for status in statuses],
            fired=[*(status.probe for status in unwell), *_grown(statuses, changed)],
            cleared=[*(status.probe for status in well), *_grown(list(changed.values()), _by_probe(statuses))],
            settled=all(is_settled(status, self.rules[status.probe]) for status in statuses),
        )

    async def _well_again(self, statuses: Sequence[ProbeStatus]) -> list[ProbeStatus]:
        well = {Health.HEALTHY, Health.DEGRADED}
        return [
            status
            for status in statuses
            if (status.told and status.state in well) or await self._ends_for_others(status)
        ]

    async def _ends_for_others(self, standing: ProbeStatus) -> bool:
        """Return whether Everflow is well while one of its checks says it is down: that check looks again tomorrow."""
        rule = self.rules[standing.probe]
        if rule.alert != Rule.EVERFLOW_DOWN or standing.state is not Health.HEALTHY:
            return False
        return standing.good >= rule.recover_after and rule.alert in await self.alerts.alerts.open_rules([rule.alert])

    async def _notify_concerns(self, standing: ProbeStatus, due: Mapping[str, str]) -> ProbeStatus:
        """Raise an alert for each subject that is in trouble now, clear those that are not.

        Return the status after that.
        """
        rule = self.rules[standing.probe]
        new = [subject for subject, code in due.items() if standing.told_of.get(subject) != code]
        if new:
            await self.alerts.fire([probe_concern(standing, rule, subject) for subject in new])
        for subject in standing.told_of.keys() - due.keys():
            await self.alerts.clear(rule.alert, subject)
        return standing.model_copy(update={"told": bool(due), "told_of": dict(due)})

    def _sighting(self, standing: ProbeStatus) -> Condition:
        rule = self.rules[standing.probe]
        return probe_unhealthy(standing, rule)


def probe_statuses(
    looks: Sequence[ProbeResult], rules: Mapping[str, ProbeRule], before: Mapping[str, ProbeStatus]
) -> list[ProbeStatus]:
    """Return where each probe stands after a round of looks."""
    failed = {look.probe for look in looks if look.trouble is not None}
    return [
        judged(before.get(look.probe), look, graded(look, rule, before.get(look.probe), failed - {look.probe}), rule)
        for look in looks
        for rule in [rules[look.probe]]
    ]


def due_concerns(standing: ProbeStatus, rule: ProbeRule) -> dict[str, str]:
    """Return by subject what people are to know is wrong; a look that failed changes nothing they know."""
    if rule.tells_degraded and standing.trouble is not None:
        return standing.told_of
    if standing.state is not Health.UNHEALTHY and not (rule.tells_degraded and standing.state is Health.DEGRADED):
        return {}
    if standing.trouble is None:
        return {subject: concern.code for subject, concern in standing.concerns.items()}
    return standing.told_of or {standing.probe: standing.trouble}


def _by_probe(statuses: Sequence[ProbeStatus]) -> dict[str, ProbeStatus]:
    return {status.probe: status for status in statuses}


def _grown(before: Sequence[ProbeStatus], after: Mapping[str, ProbeStatus]) -> list[str]:
    """Return the probes of which people know of more subjects, or of other ones, after than before."""
    return [
        status.probe
        for status in before
        if (new := after.get(status.probe)) and new.told_of.keys() - status.told_of.keys()
    ]
