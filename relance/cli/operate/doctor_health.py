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
"""What has rows of its own, with what to mend."""


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
        looks = {one.probe: one for one in await run_probes(health.probes, run.services.clock)}
        reachable = looks[ProbeName.MONGODB].trouble is None
        try:
            statuses: Mapping[str, ProbeStatus] = await health.checks.all() if reachable else {}
        except RelanceError:
            statuses = {}
    failed = {one.probe for one in looks.values() if one.trouble is not None} | (rules.keys() - looks.keys())
    return [_seen(rule, looks.get(name), statuses.get(name), failed) for name, rule in rules.items()]


def _seen(rule: ProbeRule, look: ProbeResult | None, standing: ProbeStatus | None, failed: set[str]) -> ProbedHealth:
    grade = graded(look, rule, standing, failed - {rule.probe}) if look is not None else Grade.UNKNOWN
    return ProbedHealth(rule, grade, look, standing)


def is_wrong(seen: Sequence[ProbedHealth]) -> bool:
    """Tell whether anything is bad that the doctor has no row of its own for."""
    return any(one.grade is Grade.BAD and one.rule.probe not in OF_THE_DOCTOR for one in seen)


def data_of(seen: Sequence[ProbedHealth], now: datetime) -> list[dict[str, Any]]:
    """Return it for machines; `state` is what the runs say, `now` what the doctor sees."""
    return [
        {
            "probe": one.rule.probe,
            "now": one.grade,
            "value": one.look.value if one.look else None,
            "unit": one.look.unit if one.look else "",
            "limit": one.rule.limit,
            "detail": one.look.detail if one.look else "",
            "trouble": one.look.trouble if one.look else None,
            "alert": one.rule.alert,
            "state": one.standing.state if one.standing else Health.UNKNOWN,
            "since": one.standing.since if one.standing else None,
            "looked_at": one.standing.at if one.standing else None,
            "age_s": round((now - one.standing.at).total_seconds(), 1) if one.standing else None,
            "told": one.standing.told if one.standing else False,
        }
        for one in seen
    ]


def view_of(seen: Sequence[ProbedHealth]) -> Table:
    """Return it for people."""
    rows = [
        (
            one.rule.probe,
            one.grade,
            Text(one.shown),
            one.standing.state if one.standing else "never looked",
            one.standing.since if one.standing else None,
            one.standing.at if one.standing else None,
        )
        for one in seen
    ]
    return table("Health", ("probe", "now", "value", "state", "since", "last looked"), rows)
