"""*Settings and health*: what doctor finds, each probe with its figures, the processes, the settings; no secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import SecretStr

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.doctor.checks import MONGODB, REMEDIES, TEMPORAL, checked, of_settings, outside
from relance.doctor.database import database_findings
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.errors import DependencyUnavailable
from relance.ports.console import Topic
from relance.settings import Settings
from relance.temporal.findings import temporal_findings

ALIVE_WITHIN: Final = timedelta(minutes=3)
LOOKS_EVERY_S: Final = 20.0
UNSAID: Final = Sentence("no answer yet")


async def _probes(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    statuses = (await needs.data.health_checks.all()).values()
    return {"statuses": sorted(statuses, key=lambda status: status.probe)}


async def _doctor(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    settings, now = needs.settings, needs.clock.now()
    asked = [
        _asked(needs, TEMPORAL, lambda: temporal_findings(needs.client, settings, now)),
        _asked(needs, MONGODB, lambda: database_findings(settings, needs.data, now)),
        *(_asked(needs, what, look) for what, look in outside(settings, needs.doctor).items()),
    ]
    found = await asyncio.gather(*asked)
    waiting = [finding for some in found for finding in some if finding.detail is UNSAID]
    return {
        "groups": [
            ("settings", of_settings(settings)),
            ("temporal", found[0]),
            ("database", found[1]),
            ("outside", [*found[2], *found[3], *found[4]]),
            ("ways_in", [*found[5], *found[6]]),
        ],
        "away": waiting[0].what if waiting else None,
    }


async def _asked(
    needs: ConsoleNeeds, what: str, look: Callable[[], Awaitable[list[CheckFinding]]]
) -> list[CheckFinding]:
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
