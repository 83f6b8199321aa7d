"""*Settings and health*: what doctor finds, each probe with its figures, the processes, the settings; no secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import SecretStr

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.doctor.checks import REMEDIES, TEMPORAL, Check, checked, of_settings, outside
from relance.doctor.database import MONGODB, database_findings
from relance.doctor.servers import EVERFLOW, RELAY, RELAY_LOG
from relance.doctor.ways_in import INTAKE, LINKS
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.errors import DependencyUnavailable
from relance.ports.console import Topic
from relance.settings import Settings
from relance.temporal.findings import temporal_findings

ALIVE_WITHIN: Final = timedelta(minutes=3)
LOOKS_EVERY_S: Final = 20.0
UNSAID: Final = Sentence("no answer yet")
GROUPS: Final = {
    "temporal": (TEMPORAL,),
    "database": (MONGODB,),
    "outside": (RELAY, RELAY_LOG, EVERFLOW),
    "ways_in": (LINKS, INTAKE),
}
"""What the doctor looks at, by the headings under which the page shows it."""


async def _probes(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    statuses = (await needs.data.health_checks.all()).values()
    return {"statuses": sorted(statuses, key=lambda status: status.probe)}


async def _doctor(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    settings, now = needs.settings, needs.clock.now()
    looks: dict[str, Check] = {
        TEMPORAL: lambda: temporal_findings(needs.client, settings, now),
        MONGODB: lambda: database_findings(settings, needs.data, now),
        **outside(settings, needs.doctor),
    }
    asked = await asyncio.gather(*(_asked(needs, what, look) for what, look in looks.items()))
    found = dict(zip(looks, asked, strict=True))
    groups = [(group, [finding for what in named for finding in found[what]]) for group, named in GROUPS.items()]
    away = next((what for what, findings in found.items() if any(each.detail is UNSAID for each in findings)), None)
    return {"groups": [("settings", of_settings(settings)), *groups], "away": away}


async def _asked(needs: ConsoleNeeds, what: str, look: Check) -> list[CheckFinding]:
    """Return what a check finds; a look outside is not repeated for each who opens the page."""
    try:
        return await needs.answers.of(("doctor", what), lambda: checked(what, look), server=what, rest=LOOKS_EVERY_S)
    except DependencyUnavailable:
        return [CheckFinding(what, FindingState.UNREACHABLE, UNSAID, REMEDIES[what])]


async def _workers(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    found = await needs.data.workers.alive(needs.clock.now() - ALIVE_WITHIN)
    return {"workers": sorted(found, key=lambda report: report.worker)}


async def _settings(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    return {"groups": shown_settings(needs.settings)}


def shown_settings(settings: Settings) -> dict[str, list[tuple[str, str, bool]]]:
    """Return by group each setting's name, its value, and whether it is another than the default; never a secret."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for group in type(settings).model_fields:
        values = getattr(settings, group)
        found[group] = [
            (
                f"RELANCE_{group}__{name}".upper(),
                _shown(getattr(values, name), str(field.annotation)),
                getattr(values, name) != field.get_default(call_default_factory=True),
            )
            for name, field in type(values).model_fields.items()
        ]
    return found


def _shown(value: object, annotation: str) -> str:
    if isinstance(value, SecretStr) or "SecretStr" in annotation:
        is_set = value.get_secret_value() if isinstance(value, SecretStr) else value
        return "••••••" if is_set else "–"
    if value is None or value == "":
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(str(getattr(part, "name", part)) for part in value) or "–"
    return str(value)


PAGE = ConsolePage(
    name="health",
    path="/health",
    template="health/page.html",
    regions=(
        Region("probes", "health/probes.html", _probes, frozenset({Topic.HEALTH})),
        Region("doctor", "health/doctor.html", _doctor, every=60.0),
        Region("workers", "health/workers.html", _workers, every=10.0),
        Region("settings", "health/settings.html", _settings),
    ),
)
