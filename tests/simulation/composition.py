"""The activities of one simulated process, put together as `worker.py` does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client

from activities.alerts import Address, AlertDelivery, MessageLocale
from activities.cleanup import Cleanup
from activities.corrections import Corrections
from activities.cycle_control import Controlling, Endings
from activities.cycle_notes import CycleNotes
from activities.cycle_reports import CycleReports
from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.openings import Openings
from activities.planning import Planning
from activities.reconcile import Reconciliation
from activities.repairs import Repairs
from activities.statistics import Statistics
from activities.unsent import Unsent
from activities.waking import Waking
from relance.adapters.channels.inbox import InboxChannel
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.contracts.cycle import CycleOptions
from relance.contracts.names import TaskQueue
from relance.domain.cycle.error_gate import GatePolicy
from relance.domain.cycle.send_times import Defaults
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.domain.invitations.reminders import ReminderTiming
from relance.ports import Clock, Ledger, Mailer, RelayLog
from relance.sending.control_watch import ControlPoller
from relance.sending.error_gate import Gates
from relance.sending.local_steps import LocalSteps
from relance.sending.sender import Sender
from relance.sending.step_reads import StepReads
from relance.services.alerts import AlertService
from relance.services.cycle_control import CycleControl, ErrorPause
from relance.services.repairs import AlertRepair, CycleRepair, ReportRepair, RollBackRepair
from relance.settings.retention import RetentionGroup
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_up_watch import TemporalFollowUpWatch
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.repairs import TemporalCycleRestarts
from tests.support.fakes import FakeAlertGroups, FakeMeter, NoPictures
from tests.support.keys import PRIVACY
from tests.support.private_sdk import activity_definition

DOMAIN = "form.example"
MESSAGE_IDS = SealedMessageIds(PRIVACY.link_keys, DOMAIN)
KEPT = timedelta(days=400)
"""What is deleted or made anonymous cannot be judged at the end."""

TOGETHER = 3
"""Users woken at once after a pause."""

DEFAULTS = Defaults(5, "18:00", "Europe/Paris")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has open."""

    data: Database
    ledger: Ledger
    mailer: Mailer
    client: Client
    clock: Clock
    gate: GatePolicy
    relay_log: RelayLog | None
    options: CycleOptions
    timing: ReminderTiming
    process: str
    follow_up_queue: TaskQueue


class EveryAlertIsHeld:
    """The workflows of alerts are not simulated: none is missing."""

    async def members(self, group: str) -> Everything:
        """Return what a group's workflow holds."""
        return Everything()

    async def start(self, group: object) -> bool:
        """Start a group's workflow, which nobody asks for."""
        return False


class Everything(frozenset[str]):
    """Contains every key."""

    def __contains__(self, key: object) -> bool:
        return True


def cycle_desk(data: Database, client: Client, clock: Clock) -> CycleControl:
    """Return where cycles are told what to do, for a worker or a person's command line."""
    return CycleControl(data.controls, TemporalCycles(client), clock)


def activities_of(parts: Parts) -> Mapping[str, Callable[..., Any]]:
    """Return the activities of a process by name."""
    data, ledger, clock, meter = parts.data, parts.ledger, parts.clock, FakeMeter()
    sender = Sender(
        ledger,
        data.contacts,
        parts.mailer,
        meter,
        clock,
        MESSAGE_IDS,
        relay_log=parts.relay_log,
        restores=data.restores,
    )
    alerts = AlertService(data.alerts, data.silences, FakeAlertGroups(), clock)
    unsent = Unsent(
        data.users, data.contacts, data.suppressions, data.plans, ledger, data.controls, data.unsent, DEFAULTS
    )
    planning = Planning(data.users, data.plans, DEFAULTS, meter, data.quarantine, unsent, alerts)
    control = ControlPoller(data.controls)
    follow_ups, cycles = (
        TemporalFollowUps(parts.client, data.ledger, queue=parts.follow_up_queue),
        TemporalCycles(parts.client),
    )
    brake = ErrorPause(cycle_desk(data, parts.client, clock), alerts)
    gates = Gates(parts.gate, data.error_gates, brake.pause_on_errors, parts.process, clock)
    people = (data.users, data.contacts, data.suppressions)
    statistics = Statistics(ledger, data.plans, data.job_runs, alerts, meter, data.quarantine)
    inbox = {"inbox": Address(InboxChannel(data.chat_messages), "")}
    voice = MessageLocale("en", DEFAULTS.zone)
    delivery = AlertDelivery(alerts, data.channel_states, inbox, tuple(inbox), (), NoPictures(), voice, clock, meter)
    endings = Endings(data.controls, data.compensations, ledger, follow_ups, clock)
    restarts, watch, policy = (
        TemporalCycleRestarts(parts.client, parts.options),
        TemporalFollowUpWatch(parts.client, parts.follow_up_queue),
        ReconcilePolicy(timing=parts.timing),
    )
    reconciliation = Reconciliation(
        reconcile_rows=MongoReconcileRows(data.raw),
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        plans=data.plans,
        ledger=ledger,
        controls=data.controls,
        follow_ups=watch,
        cycles=cycles,
        alert_service=alerts,
        policy=policy,
        clock=clock,
    )
    repairs = Repairs(
        reconcile_rows=MongoReconcileRows(data.raw),
        by_period=(
            CycleRepair(alerts, restarts, data.controls, data.plans, data.compensations),
            RollBackRepair(restarts, data.controls, data.compensations),
            ReportRepair(restarts),
        ),
        alerts=AlertRepair(alerts, EveryAlertIsHeld()),
        alert_service=alerts,
        policy=policy,
        clock=clock,
    )
    notes = CycleNotes(restarts, data.controls, data.plans, alerts)
    reads = StepReads(*people[:2], data.plans, ledger)
    steps = FollowUpSteps(reads, ledger, sender, control, gates, LocalSteps())
    cleanup = Cleanup(
        MongoArchive(data.raw, data.suppressions),
        ledger,
        follow_ups,
        cycles,
        RetentionGroup(anonymous_after=KEPT).policy(KEPT),
    )
    methods: list[Callable[..., Any]] = [
        planning.plan,
        planning.next_wave,
        planning.boundaries,
        Invitations(*people, data.plans, ledger, sender, control, gates).send_batch,
        FollowUpStarts(data.plans, ledger, follow_ups, meter, clock).start_follow_ups,
        steps.run_steps,
        steps.run_steps_locally,
        statistics.balance,
        statistics.record_job_run,
        delivery.ways,
        delivery.look_up_decisions,
        CycleReports(data.job_runs, delivery, NoPictures()).post_cycle_report,
        Controlling(data.controls).look_up_control,
        endings.give_up,
        endings.stop_follow_ups,
        unsent.record_unsent,
        Corrections(data.users, data.contacts, ledger, data.compensations, sender, gates.rest).send_corrections,
        reconciliation.reconcile,
        repairs.repair,
        notes.look_at_wave,
        notes.note_left,
        notes.note_waves,
        Waking(MongoReconcileRows(data.raw), data.controls, watch, TOGETHER, clock).wake_held,
        cleanup.expire,
        cleanup.ended,
        cleanup.sweep,
        Openings(TemporalCycles(parts.client), data.controls).look_up_opening,
    ]
    return {activity_definition(method).name: method for method in methods}
