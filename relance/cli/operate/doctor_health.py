"""The doctor's look at everything the health check watches, beside what its runs have found (SPEC H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text
from temporalio.client import Client

from relance.cli.base.command import Run
from relance.cli.base.output import table
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Grade, Health, ProbeResult, ProbeRule, ProbeStatus, graded
from relance.errors import RelanceError
from relance.services.health_checks import run_probes

OF_THE_DOCTOR = frozenset({ProbeName.MONGODB, ProbeName.MAIL_RELAY, ProbeName.EVERFLOW, ProbeName.TEMPORAL})
"""What has rows of its own, with what to repair."""


@dataclass(frozen=True, slots=True)
class ProbedHealth:
    """One probe: what it sees now, and where the health check's runs have left it; either may be missing."""

    rule: ProbeRule
    grade: Grade
    look: ProbeResult | None
    standing: ProbeStatus | None

    @property
    def shown(self) -> str:
        """The value with its unit and limit, or why there is none."""
        look = self.look
        if look is not None and look.trouble is not None and self.grade is not Grade.UNKNOWN:
            return str(look.trouble)
        if look is None or look.value is None or self.grade is Grade.UNKNOWN:
            return "nobody to ask"
        limit = f" (limit {_measured(self.rule.limit, look.unit)})" if self.rule.limit else ""
        return " · ".join(filter(None, [f"{_measured(look.value, look.unit)}{limit}", look.detail.replace("_", " ")]))


def _measured(value: float, unit: str) -> str:
    # Nobody decides anything by the third digit.
    return f"{value:.{'0f' if value >= 10 else '2g'}} {unit}".rstrip()


async def seen_now(run: Run, client: Client | None, patience: float) -> list[ProbedHealth]:
    """Look at everything, each probe for `patience` seconds, and read what the runs have stored if MongoDB answers."""
    settings = run.settings
    rules = settings.health.rules()
    hasty = settings.health.model_copy(update={"deadline": min(settings.health.deadline, patience)})
    async with run.services.health(settings.model_copy(update={"health": hasty}), client) as health:
        looks = {look.probe: look for look in await run_probes(health.probes, run.services.clock)}
        reachable = looks[ProbeName.MONGODB].trouble is None
        try:
            statuses: Mapping[str, ProbeStatus] = await health.checks.all() if reachable else {}
        except RelanceError:
            statuses = {}
    failed = {look.probe for look in looks.values() if look.trouble is not None} | (rules.keys() - looks.keys())
    return [_seen(rule, looks.get(name), statuses.get(name), failed) for name, rule in rules.items()]


def _seen(rule: ProbeRule, look: ProbeResult | None, standing: ProbeStatus | None, failed: set[str]) -> ProbedHealth:
    grade = graded(look, rule, standing, failed - {rule.probe}) if look is not None else Grade.UNKNOWN
    return ProbedHealth(rule, grade, look, standing)


def is_wrong(seen: Sequence[ProbedHealth]) -> bool:
    """Tell whether anything is bad that the doctor has no row of its own for."""
    return any(row.grade is Grade.BAD and row.rule.probe not in OF_THE_DOCTOR for row in seen)


def data_of(seen: Sequence[ProbedHealth], now: datetime) -> list[dict[str, Any]]:
    """Return it for machines; `state` is what the runs say, `now` what the doctor sees."""
    return [
        {
            "probe": row.rule.probe,
            "now": row.grade,
            "value": row.look.value if row.look else None,
            "unit": row.look.unit if row.look else "",
            "limit": row.rule.limit,
            "detail": row.look.detail if row.look else "",
            "trouble": row.look.trouble if row.look else None,
            "alert": row.rule.alert,
            "state": row.standing.state if row.standing else Health.UNKNOWN,
            "since": row.standing.since if row.standing else None,
            "looked_at": row.standing.at if row.standing else None,
            "age_s": round((now - row.standing.at).total_seconds(), 1) if row.standing else None,
            "told": row.standing.told if row.standing else False,
        }
        for row in seen
    ]


def view_of(seen: Sequence[ProbedHealth]) -> Table:
    """Return it for people."""
    rows = [
        (
            row.rule.probe,
            row.grade,
            Text(row.shown),
            row.standing.state if row.standing else "never looked",
            row.standing.since if row.standing else None,
            row.standing.at if row.standing else None,
        )
        for row in seen
    ]
    return table("Health", ("probe", "now", "value", "state", "since", "last looked"), rows)
