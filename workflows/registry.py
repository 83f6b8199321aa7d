"""Which workflows are served on which task queue."""

from __future__ import annotations

from relance.contracts.names import TaskQueue
from workflows.alert import Alert
from workflows.default_lp_alert import DefaultLpAlert
from workflows.follow_up import FollowUp
from workflows.monthly_cycle import MonthlyCycle
from workflows.open_period import OpenPeriod
from workflows.paused_partner_check import PausedPartnerCheck
from workflows.reconcile import Reconcile
from workflows.roll_back import RollBack
from workflows.send_wave import SendWave

WORKFLOWS: dict[TaskQueue, list[type]] = {
    TaskQueue.INVITATIONS: [MonthlyCycle, SendWave, FollowUp],
    TaskQueue.MAIL: [],
    TaskQueue.OPS: [OpenPeriod, DefaultLpAlert, PausedPartnerCheck, Alert, RollBack, Reconcile],
}
