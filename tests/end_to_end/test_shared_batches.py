"""Two worker processes send a wave together: the batches under way are shared out, not taken by one of them."""

from __future__ import annotations

import pytest

from relance.contracts.cycle import CycleOptions
from relance.contracts.names import Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from tests.end_to_end.test_error_gate import shared_by
from tests.support.installation import Installation
from tests.support.people import PERIOD, people

IN_FLIGHT = 4
OPTIONS = CycleOptions(batch_users=1, batches_in_flight=IN_FLIGHT)


@pytest.mark.slow
async def test_batches_under_way_are_shared_out_to_both_processes(installation: Installation, mailbox: Mailbox) -> None:
    # So that no batch ends before the others are begun.
    await mailbox.add_rule(Delay(stage=SmtpStage.RCPT, seconds=1))
    await installation.load(*people(IN_FLIGHT, 2))
    await installation.start_worker(processes=2, environment={"RELANCE_HEALTH__REPORT_EVERY": "PT0.2S"})
    await shared_by(installation, 2)
    await (await installation.start_cycle(PERIOD, OPTIONS)).result()
    waves = installation.client.list_workflows(f"WorkflowType='{Workflow.SEND_WAVE}'")
    [wave] = [installation.client.get_workflow_handle(found.id) async for found in waves]
    history = await wave.fetch_history()
    scheduled = {
        event.event_id
        for event in history.events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "send_batch"
    }
    by = [
        event.activity_task_started_event_attributes.identity
        for event in history.events
        if event.activity_task_started_event_attributes.scheduled_event_id in scheduled
    ]
    assert len(by) == IN_FLIGHT
    assert len(set(by)) == 2
