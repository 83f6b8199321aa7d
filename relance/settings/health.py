"""The settings of the health check: when a look is bad, and how many make an outage (SPEC H2)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.domain.alerts.model import Rule
from relance.domain.failures import Severity
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import ProbeRule, Trouble
from relance.settings.group import SettingsGroup

_MONGODB, _TEMPORAL = frozenset({ProbeName.MONGODB}), frozenset({ProbeName.TEMPORAL})


class HealthGroup(SettingsGroup):
    """When a dependency counts as unhealthy: thresholds, how many bad looks in a row, how long a look may take."""

    fail_after: int = Field(2, ge=1, le=100, description="Bad looks in a row that make something unhealthy.")
    recover_after: int = Field(2, ge=1, le=100, description="Other looks in a row that make it well again.")
    missed_shown: int = Field(
        12, ge=1, le=1000, description="Looks for which a nominal time that a Schedule passed over stays unhealthy."
    )
    again: timedelta = Field(
        timedelta(seconds=20),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=5),
        description="When to look again while something is changing, without waiting for the next run.",
    )
    deadline: float = Field(10.0, gt=0, le=120, description="Seconds a look may take; after that it has failed.")
    outage_pause: timedelta = Field(
        timedelta(minutes=2),
        ge=timedelta(milliseconds=100),
        le=timedelta(hours=1),
        description="Longest pause between looks while MongoDB is away; they grow apart from `again` to this.",
    )
    report_every: timedelta = Field(
        timedelta(seconds=5),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=1),
        description="How often a worker process reports its memory and breakers.",
    )
    mongodb_slow: float = Field(500.0, gt=0, description="Milliseconds of a write above which MongoDB is degraded.")
    mongodb_limit: float = Field(3000.0, gt=0, description="Milliseconds of a write above which it is unhealthy.")
    mail_relay_slow: float = Field(2000.0, gt=0, description="Milliseconds of a greeting above which it is degraded.")
    mail_relay_limit: float = Field(8000.0, gt=0, description="Milliseconds of a greeting above which it is unhealthy.")
    everflow_slow: float = Field(5000.0, gt=0, description="Milliseconds of an answer above which it is degraded.")
    temporal_slow: float = Field(500.0, gt=0, description="Milliseconds of an answer above which it is degraded.")
    temporal_limit: float = Field(5000.0, gt=0, description="Milliseconds of an answer above which it is unhealthy.")
    backlog_slow: timedelta = Field(
        timedelta(minutes=5), gt=timedelta(0), description="Age of a queue's oldest task above which it is degraded."
    )
    backlog_limit: timedelta = Field(
        timedelta(minutes=15), gt=timedelta(0), description="Age of a queue's oldest task above which it is unhealthy."
    )
    poll_within: timedelta = Field(
        timedelta(seconds=90),
        ge=timedelta(seconds=1),
        description="A worker that has not asked for work for so long does not count; a poll waits for a minute.",
    )
    job_limit: timedelta = Field(
        timedelta(hours=6), gt=timedelta(0), description="How long a job's run may be open before it counts as stuck."
    )
    memory_slow: float = Field(448.0, gt=0, description="MiB of a worker above which it is degraded.")
    memory_limit: float = Field(512.0, gt=0, description="MiB of a worker above which it is unhealthy (SPEC H6).")
    disk_slow: float = Field(80.0, gt=0, le=100, description="Percent of a disk in use above which it is degraded.")
    disk_limit: float = Field(90.0, gt=0, le=100, description="Percent of a disk in use above which it is unhealthy.")
    overdue_margin: timedelta = Field(timedelta(hours=1), gt=timedelta(0), description="How late a reminder may be.")
    outbox_slow: timedelta = Field(
        timedelta(minutes=1),
        gt=timedelta(0),
        description="How long an event may wait for its follow-up to be notified of it; longer is degraded.",
    )
    outbox_limit: timedelta = Field(
        timedelta(minutes=5), gt=timedelta(0), description="The same, above which it is unhealthy."
    )
    fresh_margin: timedelta = Field(
        timedelta(hours=1), gt=timedelta(0), description="How late the record of a job's run may be, at most."
    )
    planned_within: timedelta = Field(
        timedelta(minutes=30),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="How long the planning of a period may take: later, a cycle without plans and, an interval of "
        "planning later still, users without a plan are told about.",
    )

    def rules(self) -> dict[str, ProbeRule]:
        """Return how the looks of each probe are judged."""
        age = self.backlog_slow.total_seconds(), self.backlog_limit.total_seconds()
        critical = Severity.CRITICAL
        found = [
            self._rule(ProbeName.MONGODB, Rule.MONGODB, self.mongodb_slow, self.mongodb_limit, severity=critical),
            self._rule(ProbeName.MAIL_RELAY, Rule.MAIL_RELAY, self.mail_relay_slow, self.mail_relay_limit),
            # Slow is not down, and a refused key is what its checks tell about.
            self._rule(ProbeName.EVERFLOW, Rule.EVERFLOW_DOWN, self.everflow_slow, None, soft={Trouble.REFUSED}),
            self._rule(ProbeName.TEMPORAL, Rule.TEMPORAL, self.temporal_slow, self.temporal_limit, severity=critical),
            self._rule(ProbeName.QUEUES, Rule.QUEUES, *age, needs=_TEMPORAL),
            self._rule(ProbeName.WORKERS, Rule.WORKERS, None, 0, needs=_TEMPORAL, severity=critical),
            self._rule(ProbeName.STUCK, Rule.STUCK, None, 0, needs=_TEMPORAL),
            self._rule(ProbeName.MISSED_ACTIONS, Rule.MISSED_ACTIONS, None, None, needs=_TEMPORAL),
            self._rule(ProbeName.BREAKERS, Rule.BREAKERS, None, 0, needs=_MONGODB, severity=Severity.MEDIUM),
            self._rule(ProbeName.MEMORY, Rule.MEMORY, self.memory_slow, self.memory_limit, needs=_MONGODB),
            self._rule(ProbeName.DATABASE_DISK, Rule.DATABASE_DISK, self.disk_slow, self.disk_limit, needs=_MONGODB),
            self._rule(ProbeName.WORKER_DISK, Rule.WORKER_DISK, self.disk_slow, self.disk_limit),
            self._rule(ProbeName.OVERDUE, Rule.OVERDUE, None, 0, needs=_MONGODB),
            self._rule(ProbeName.FOLLOW_UPS, Rule.FOLLOW_UPS, None, 0, needs=_MONGODB | _TEMPORAL),
            self._rule(ProbeName.JOB_RUNS, Rule.JOB_RUNS, None, 0, needs=_MONGODB | _TEMPORAL),
            # Others go on: it is degraded, and people are notified of new ones. A slow database is told about by
            # itself.
            self._rule(
                ProbeName.QUARANTINE,
                Rule.DOCUMENTS,
                0,
                None,
                needs=_MONGODB,
                severity=Severity.MEDIUM,
                soft=set(Trouble),
            ),
            self._rule(
                ProbeName.OUTBOX,
                Rule.OUTBOX,
                self.outbox_slow.total_seconds(),
                self.outbox_limit.total_seconds(),
                needs=_MONGODB | _TEMPORAL,
                severity=Severity.MEDIUM,
            ),
            self._rule(ProbeName.INTAKE, Rule.INTAKE, None, None, severity=Severity.MEDIUM),
            self._rule(ProbeName.PERIODS, Rule.PERIOD, None, 0, needs=_MONGODB | _TEMPORAL, severity=critical),
        ]
        return {rule.probe: rule for rule in found}

    def _rule(
        self,
        probe: ProbeName,
        alert: Rule,
        warn: float | None,
        limit: float | None,
        *,
        severity: Severity = Severity.HIGH,
        needs: frozenset[ProbeName] = frozenset(),
        soft: set[Trouble] | None = None,
    ) -> ProbeRule:
        counter = probe is ProbeName.MISSED_ACTIONS
        return ProbeRule(
            probe=probe,
            alert=alert,
            severity=severity,
            warn=warn,
            limit=limit,
            counter=counter,
            # A counter that grew is certain, and stays to be seen for a while.
            fail_after=1 if counter else self.fail_after,
            recover_after=self.missed_shown if counter else self.recover_after,
            needs=frozenset(needs),
            soft=frozenset(soft or ()),
            by_subject=probe in {ProbeName.PERIODS, ProbeName.QUARANTINE},
            tells_degraded=probe is ProbeName.QUARANTINE,
        )
