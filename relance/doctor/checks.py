"""The doctor's checks by what each looks at: none takes long, and whatever goes wrong in one is a finding."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from relance.doctor.database import MONGODB
from relance.doctor.needs import DoctorServices
from relance.doctor.servers import EVERFLOW, RELAY, RELAY_LOG, everflow_findings, relay_findings, relay_log_findings
from relance.doctor.templates import template_rows
from relance.doctor.trust import trust_findings
from relance.doctor.ways_in import INTAKE, LINKS, START_GATEWAY, intake_findings, link_findings
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.runtime.process_exit import UNREACHABLE, explain
from relance.settings import Settings
from relance.settings.unfit import settings_findings

PATIENCE: Final = 8.0
"""Seconds: how long each check may take, all of them at once."""
TEMPORAL = "Temporal"
REMEDIES: Final = {
    TEMPORAL: Sentence("start the server, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE"),
    MONGODB: Sentence("start the replica set, or set RELANCE_MONGO__URI"),
    RELAY: Sentence("start the relay, or set RELANCE_MAIL__HOST, __PORT, __TLS, __USERNAME, __PASSWORD"),
    RELAY_LOG: Sentence("see RELANCE_RELAY_LOG__KIND and what belongs to it; the worker must be allowed to read it"),
    LINKS: Sentence("see RELANCE_GATEWAY__PUBLIC_URL and RELANCE_MAIL__LINK_BASE"),
    INTAKE: START_GATEWAY,
    EVERFLOW: Sentence("see RELANCE_EVERFLOW__BASE_URL, __API_KEY, __TIMEZONE, __CURRENCY"),
}

Check: TypeAlias = Callable[[], Awaitable[list[CheckFinding]]]
SentenceOf: TypeAlias = Callable[[BaseException], tuple[str, int]]


async def checked(
    what: str,
    check: Check,
    sentence_of: SentenceOf = explain,
    patience: float = PATIENCE,
) -> list[CheckFinding]:
    """Return what a check finds; `sentence_of` gives the sentence and the exit code of an error."""
    try:
        async with asyncio.timeout(patience):
            return await check()
    except TimeoutError:
        said = Sentence("no answer within {seconds:g} s", seconds=patience)
        return [CheckFinding(what, FindingState.UNREACHABLE, said, REMEDIES[what])]
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is a finding; the other checks go on
        sentence, code = sentence_of(error)
        state = FindingState.UNREACHABLE if code == UNREACHABLE else FindingState.WRONG
        return [CheckFinding(what, state, sentence, REMEDIES[what])]


def of_settings(settings: Settings) -> list[CheckFinding]:
    """Return what the settings alone tell."""
    return [*settings_findings(settings), *template_rows(settings.mail), *trust_findings(settings.mongo)]


def outside(settings: Settings, services: DoctorServices) -> dict[str, Check]:
    """Return the checks of what lies outside, by what each looks at: relay, its log, Everflow, links, mail intake."""
    return {
        RELAY: lambda: relay_findings(settings, services),
        RELAY_LOG: lambda: relay_log_findings(settings, services),
        EVERFLOW: lambda: everflow_findings(settings, services, PATIENCE),
        LINKS: lambda: link_findings(settings, services),
        INTAKE: lambda: intake_findings(settings, services),
    }
