"""A month that was missed: nothing ran between its planning and a week after its send times (SPEC C13, C14)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from relance import ids
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.domain.cycle.planning import Planner
from relance.domain.cycle.send_times import Defaults, current_period, period_before, period_window
from relance.domain.failures import Severity
from relance.domain.invitations.people import User
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import people

DEFAULTS = Defaults(5, "18:00", "Europe/Paris")
USERS, CONTACTS = 3, 4


async def test_a_month_that_was_missed_is_told_and_every_contact_is_in_its_report(
    installation: Installation, mailbox: Mailbox
) -> None:
    # Two months back: its last send time has passed everywhere on Earth, whatever day it is.
    period = period_before(period_before(current_period(datetime.now(UTC), "UTC")))
    users, contacts = people(USERS, CONTACTS)
    users[0]["timezone"] = "Mars/Base"
    users[1]["status"] = "paused"
    await installation.load(users, contacts)
    before = Planner(
        period=period,
        defaults=DEFAULTS,
        at=period_window(period)[0] - timedelta(days=5),
        max_late=timedelta(days=7),
        opening=True,
        send_now=False,
        not_before=None,
    )
    planned = [before.plan(User.model_validate(users[number])) for number in (0, 2)]
    await installation.database.plans.write(planned)
    await installation.start_worker()
    cycle = await installation.start_cycle(period, send_now=False)
    async with asyncio.timeout(PATIENCE_S):
        result = await cycle.result()
    assert await mailbox.log() == []
    assert (result.eligible, result.sent, result.balance, result.plans_open) == (USERS * CONTACTS, 0, 0, 0)
    assert result.skipped == {"too_late": 2 * CONTACTS, "user_inactive": CONTACTS}

    open_ = {alert.rule: alert for alert in await installation.database.alerts.open()}
    assert open_.keys() >= {"too-late", "cycle-wrote-to-nobody", "send-times-invalid"}
    assert open_["too-late"].severity is Severity.CRITICAL
    assert open_["too-late"].labels == {"period": period, "users": "2", "contacts": str(2 * CONTACTS)}
    assert (open_["send-times-invalid"].severity, open_["send-times-invalid"].labels["zone_unknown"]) == (
        Severity.LOW,
        "1",
    )

    code, report, _ = await starter(installation, "cycle", "report", period)
    assert (code, report["users_too_late"], report["nobody"]) == (1, 2, "lost")
    code, status, _ = await starter(installation, "cycle", "status", period)
    assert (code, status["skipped"]) == (0, {"too_late": 2 * CONTACTS, "user_inactive": CONTACTS})
    contact = next(one for one in contacts if one["userId"] == users[0]["_id"])
    code, why, _ = await starter(installation, "why", ids.invitation_id(period, users[0]["_id"], contact["_id"]))
    assert (code, "missed by too long" in " ".join(why["answers"][0]["sentences"])) == (0, True)
    code, _, _ = await starter(installation, "start", "cycle", "--period", period)
    assert code == 1, "what is done and lost everybody is no success"

    digest: JobResult = await installation.client.execute_workflow(
        Workflow.DIGEST,
        JobInput(nominal=datetime.now(UTC) + timedelta(seconds=1)),
        id="digest",
        task_queue=TaskQueue.OPS,
        result_type=JobResult,
    )
    assert digest.counts["low_alerts"] == 1
