"""Which workflows are served on which task queue."""

from __future__ import annotations

from relance.contracts.names import TaskQueue
from workflows.follow_up import FollowUp
from workflows.monthly_cycle import MonthlyCycle
from workflows.open_period import OpenPeriod
from workflows.send_wave import SendWave

WORKFLOWS: dict[TaskQueue, list[type]] = {
    TaskQueue.INVITATIONS: [MonthlyCycle, SendWave, FollowUp],
    TaskQueue.MAIL: [],
    TaskQueue.OPS: [OpenPeriod],
}
