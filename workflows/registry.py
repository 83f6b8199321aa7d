"""Which workflows are served on which task queue."""

from __future__ import annotations

from relance.contracts.names import TaskQueue
from workflows.alert import Alert
from workflows.backfill import Backfill
from workflows.cycle_report import CycleReport
from workflows.daily_digest import DailyDigest
from workflows.database_outage import DatabaseOutage
from workflows.default_lp_alert import DefaultLpAlert
from workflows.follow_up import FollowUp
from workflows.forget_person import ForgetPerson
from workflows.health_check import HealthCheck
from workflows.monthly_cycle import MonthlyCycle
from workflows.noise_report import NoiseReport
from workflows.open_period import OpenPeriod
from workflows.paused_partner_check import PausedPartnerCheck
from workflows.reconcile import Reconcile
from workflows.roll_back import RollBack
from workflows.send_wave import PinnedSendWave, SendWave
from workflows.wake_follow_ups import WakeFollowUps
from workflows.weekly_cleanup import WeeklyCleanup

WORKFLOWS: dict[TaskQueue, list[type]] = {
    TaskQueue.INVITATIONS: [MonthlyCycle, SendWave, FollowUp],
    # Here they send what comes due in local activities. Those on the other queue have begun with an earlier version, or
    # so that one can go on with them.
    TaskQueue.MAIL: [FollowUp],
    TaskQueue.OPS: [
        OpenPeriod,
        Backfill,
        CycleReport,
        DefaultLpAlert,
        PausedPartnerCheck,
        Alert,
        RollBack,
        WakeFollowUps,
        ForgetPerson,
        Reconcile,
        WeeklyCleanup,
        DailyDigest,
        NoiseReport,
        HealthCheck,
        DatabaseOutage,
    ],
}


def workflows_of(queue: TaskQueue, *, versioned: bool) -> list[type]:
    """Return the workflows of a queue, for a worker whose version the server knows or does not."""
    pinned: dict[type, type] = {SendWave: PinnedSendWave} if versioned else {}
    return [pinned.get(workflow, workflow) for workflow in WORKFLOWS[queue]]
