"""Two versions of the worker on the same task queues, told apart by the server (worker versioning)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from relance import ids
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.cycle import CycleOptions
from relance.contracts.names import Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import InvalidInput, NotFound
from relance.temporal.versions import promote
from tests.support.installation import Installation, installed
from tests.support.mail_flow import MailFlow
from tests.support.people import PERIOD, people
from tests.upgrade.evidence import NON_DETERMINISM, failed_tasks, mails, serving, until
from tests.upgrade.releases import Release

USERS, CONTACTS, NEXT_PERIOD = 16, 5, "2026-12"
MAILS: Final = USERS * CONTACTS
SOME: Final = 3
"""Follow-ups that have to begin under the first version."""

ONE, TWO, UNVERSIONED = "one", "two", "-"
# The first wave is on its way while versions change: the limit is shared by the two workers.
ENVIRONMENT = {"RELANCE_MAIL__RATE": "16", "RELANCE_MAIL__CONNECTIONS": "4", "RELANCE_ERROR_GATE__CANARY": "0"}
IN_TURN = CycleOptions(batch_users=2, batches_in_flight=2, follow_every=timedelta(seconds=1))


@dataclass
class SideBySide:
    """What came of it; `problems` are sentences. Build ids are those that completed a run's workflow tasks."""

    first: str
    second: str
    pinned: bool
    mails: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    finished_right: int = 0
    sent_before_the_promotion: int = 0
    first_wave: list[str] = field(default_factory=list)
    second_wave: list[str] = field(default_factory=list)
    follow_ups_moved: int = 0
    nondeterminism: int = 0
    failed_tasks: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether everything came out as it must."""
        return not self.problems

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {**asdict(self), "right": self.is_right}


async def side_by_side(stack: Stack, name: str, first: Release, second: Release, *, pinned: bool) -> SideBySide:
    """Promote the second version in the middle of a wave of the first one, which is versioned itself if `pinned`.

    Another cycle begins right after it. So both versions send at the same time; the follow-ups of the first cycle end
    under the second version, without any worker of the first.
    """
    seen = SideBySide(first.name, second.name, pinned)
    async with installed(stack, name, ENVIRONMENT) as place, Mailbox(stack.mailbox_http) as mailbox:
        await mailbox.clear()
        await place.load(*people(USERS, CONTACTS))
        old = await serving(place, first, _versioned(ONE) if pinned else None)
        if pinned:
            await _promoted(place.client, ONE)
        await serving(place, second, _versioned(TWO))
        await place.start_cycle(PERIOD, IN_TURN)
        motions = {period: FastMotion(place.client, place.database.ledger, period) for period in (PERIOD, NEXT_PERIOD)}
        users = [f"u{number}" for number in range(USERS)]
        handles: list[WorkflowHandle[Any, Any]] = []

        async def some_asleep() -> bool:
            return len(await motions[PERIOD].follow_ups(users)) >= SOME

        async def all_asleep() -> bool:
            found = {period: await motion.follow_ups(users) for period, motion in motions.items()}
            handles[:] = found[PERIOD]
            return all(len(each) == USERS for each in found.values())

        await until(some_asleep, "the first users have follow-ups")
        await _promoted(place.client, TWO)
        seen.sent_before_the_promotion = await MailFlow(mailbox).look()
        await place.start_cycle(NEXT_PERIOD, IN_TURN)
        await until(all_asleep, "every user has two follow-ups")
        await old.stop()
        await asyncio.gather(*(motions[PERIOD].run_steps(handle, lambda _: True) for handle in handles))
        await _judge(seen, place, mailbox, handles)
    return seen


def _versioned(build_id: str) -> Mapping[str, str]:
    return {"RELANCE_WORKER__VERSIONING": "true", "RELANCE_WORKER__BUILD_ID": build_id}


async def _promoted(client: Client, build_id: str) -> None:
    async def done() -> bool:
        try:
            await promote(client, build_id)
        except (NotFound, InvalidInput):
            # The server learns of a version from the first questions of its workers.
            return False
        return True

    await until(done, f"version {build_id} is current")


async def _builds(client: Client, workflow_id: str) -> list[str]:
    """Return which versions completed a run's workflow tasks, each once, in their order."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    builds = [
        event.workflow_task_completed_event_attributes.deployment_version.build_id or UNVERSIONED
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]
    return list(dict.fromkeys(builds))


async def _waves(client: Client, period: str) -> list[str]:
    query = f"WorkflowType = '{Workflow.SEND_WAVE}' AND WorkflowId STARTS_WITH '{ids.wave_prefix(period)}'"
    found = [each.id async for each in client.list_workflows(query)]
    return [build for wave in found for build in await _builds(client, wave)]


async def _judge(
    seen: SideBySide, place: Installation, mailbox: Mailbox, handles: list[WorkflowHandle[Any, Any]]
) -> None:
    entries = await place.entries(PERIOD)
    seen.finished_right = sum(
        (entry.status, len(entry.reminders)) == (InvitationStatus.EXPIRED, 2) for entry in entries.values()
    )
    seen.mails, seen.duplicates = await mails(mailbox)
    seen.first_wave = await _waves(place.client, PERIOD)
    seen.second_wave = await _waves(place.client, NEXT_PERIOD)
    began = ONE if seen.pinned else UNVERSIONED
    builds = [await _builds(place.client, handle.id) for handle in handles]
    seen.follow_ups_moved = builds.count([began, TWO])
    _, seen.failed_tasks = await failed_tasks(place.client)
    seen.nondeterminism = seen.failed_tasks.get(NON_DETERMINISM, 0)
    for what, found, wanted in (
        ("mails", seen.mails, {"invitation": 2 * MAILS, "first": MAILS, "second": MAILS}),
        ("duplicates", seen.duplicates, 0),
        ("entries as they must be", seen.finished_right, MAILS),
        ("versions of the first wave", seen.first_wave, [ONE] if seen.pinned else [UNVERSIONED, TWO]),
        ("versions of the second wave", seen.second_wave, [TWO]),
        ("last versions of follow-ups", {each[-1] for each in builds}, {TWO}),
        ("non-determinism errors", seen.nondeterminism, 0),
    ):
        if found != wanted:
            seen.problems.append(f"{what}: {found} and not {wanted}")
    if seen.sent_before_the_promotion >= MAILS or not seen.follow_ups_moved:
        seen.problems.append("the wave was over before the promotion, or no follow-up had begun: nothing was tested")
