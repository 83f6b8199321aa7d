"""Follow-ups fall asleep under one version and are finished by another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from relance import ids
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.alerts import AlertView
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertState, Evidence, Rule
from relance.domain.failures import Severity
from relance.domain.invitations.events import EventKind
from tests.support.installation import Installation, installed
from tests.support.people import PERIOD, invitation, people
from tests.upgrade.evidence import NON_DETERMINISM, failed_tasks, mails, serving, until
from tests.upgrade.releases import Release

ANSWERING = 10
"""Of so many users one answers after the change of versions."""

AT_ONCE = 16


CONDITION = Condition(
    rule=Rule.STUCK, group=Rule.STUCK, subject="upgrade", severity=Severity.HIGH, labels={}, evidence=Evidence()
)


@dataclass
class Crossing:
    """What came of one change of versions; `problems` are sentences.

    `failed_tasks` of workflows by cause: a busy machine and a signal that comes meanwhile make some that mean nothing.
    """

    started_by: str
    finished_by: str
    follow_ups: int = 0
    finished: int = 0
    finished_right: int = 0
    nondeterminism: int = 0
    failed_tasks: dict[str, int] = field(default_factory=dict)
    histories: int = 0
    mails: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    unreadable: int = 0
    alert: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether everything came out as it must."""
        return not self.problems

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {**asdict(self), "right": self.is_right}


async def cross(
    stack: Stack, name: str, first: Release, second: Release, users: int, settings: Mapping[str, str] | None = None
) -> Crossing:
    """Let the follow-ups of some users fall asleep under the first version, and finish them under the second.

    `settings` are those of the first one besides: what makes the way back possible.
    """
    crossing = Crossing(first.name, second.name)
    async with installed(stack, name) as place, Mailbox(stack.mailbox_http) as mailbox:
        await mailbox.clear()
        await place.load(*people(users, 1))
        worker = await serving(place, first, settings)
        await place.start_cycle(PERIOD)
        await place.desk().fire([CONDITION])
        motion = FastMotion(place.client, place.database.ledger, PERIOD)
        names = [f"u{number}" for number in range(users)]
        handles: list[WorkflowHandle[Any, Any]] = []

        async def all_asleep() -> bool:
            handles[:] = await motion.follow_ups(names)
            return len(handles) == users

        await until(all_asleep, "every user has a follow-up")
        crossing.follow_ups = len(handles)
        await worker.stop()
        worker = await serving(place, second)
        answered = [number for number in range(users) if number % ANSWERING == 0]
        for number in answered:
            await place.intake().take(invitation(number, 0), EventKind.SUBMITTED)
        await place.desk().acknowledge(ids.alert_key(Rule.STUCK, "upgrade"), "ann")
        slots = asyncio.Semaphore(AT_ONCE)

        async def finish(handle: WorkflowHandle[Any, Any]) -> None:
            async with slots:
                await motion.run_steps(handle, lambda _: True)

        await asyncio.gather(*map(finish, handles))
        await _judge(crossing, place, mailbox, handles, set(answered))
        await worker.stop()
    return crossing


async def _judge(
    crossing: Crossing,
    place: Installation,
    mailbox: Mailbox,
    handles: list[WorkflowHandle[Any, Any]],
    answered: set[int],
) -> None:
    users = len(handles)
    described = [await handle.describe() for handle in handles]
    crossing.finished = sum(one.status is WorkflowExecutionStatus.COMPLETED for one in described)
    entries = await place.entries(PERIOD)
    for number in range(users):
        entry = entries[invitation(number, 0)]
        right = ("submitted", 0) if number in answered else ("expired", 2)
        crossing.finished_right += (entry.status.value, len(entry.reminders)) == right
    crossing.mails, crossing.duplicates = await mails(mailbox)
    crossing.histories, crossing.failed_tasks = await failed_tasks(place.client)
    crossing.nondeterminism = crossing.failed_tasks.get(NON_DETERMINISM, 0)
    crossing.unreadable = await place.database.raw.quarantine.count_documents({})
    view = await place.alert_group(Rule.STUCK).query("view", result_type=AlertView)
    crossing.alert = ", ".join(member.state.value for member in view.group.members.values())
    reminded = users - len(answered)
    for what, found_, wanted in (
        ("follow-ups finished", crossing.finished, users),
        ("entries as they must be", crossing.finished_right, users),
        ("non-determinism errors", crossing.nondeterminism, 0),
        ("mails", crossing.mails, {"invitation": users, "first": reminded, "second": reminded}),
        ("duplicates", crossing.duplicates, 0),
        ("unreadable documents", crossing.unreadable, 0),
        ("the alert", crossing.alert, AlertState.ACKNOWLEDGED.value),
    ):
        if found_ != wanted:
            crossing.problems.append(f"{what}: {found_} and not {wanted}")
