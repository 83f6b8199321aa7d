"""The activities of one simulated process, put together as `worker.py` does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from activities.alerts import Address, AlertDelivery, Voice
from activities.control import Controlling, ControlWatch
from activities.cycle_reports import CycleReports
from activities.endings import Endings
from activities.error_gate import Gates
from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.openings import Openings
from activities.planning import Planning
from activities.sending import Sender
from activities.statistics import Statistics
from relance.adapters.channels.inbox import Inbox
from relance.adapters.mongo.connection import Database
from relance.alerting import AlertDesk
from relance.braking import Brake
from relance.controlling import CycleDesk
from relance.domain.error_gate import GatePolicy
from relance.domain.send_times import Defaults
from relance.ports import Clock, Ledger, Mailer
from tests.fakes import FakeAlertGroups, FakeMeter, NoPictures
from tests.simulation.signals import SimulatedCycles, SimulatedFollowUps

DOMAIN = "form.example"
DEFAULTS = Defaults(5, "18:00", "Europe/Paris")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has open."""

    data: Database
    ledger: Ledger
    mailer: Mailer
    follow_ups: SimulatedFollowUps
    cycles: SimulatedCycles
    clock: Clock
    gate: GatePolicy


def activities_of(parts: Parts) -> Mapping[str, Callable[..., Any]]:
    """Return the activities of a process by name."""
    data, ledger, clock, meter = parts.data, parts.ledger, parts.clock, FakeMeter()
    sender = Sender(ledger, data.contacts, parts.mailer, meter, clock, DOMAIN)
    planning = Planning(data.users, data.plans, DEFAULTS, meter)
    alerts = AlertDesk(data.alerts, data.silences, FakeAlertGroups(), clock)
    control = ControlWatch(data.controls)
    gates = Gates(parts.gate, Brake(CycleDesk(data.controls, parts.cycles, clock), alerts).pull)
    people = (data.users, data.contacts, data.suppressions)
    statistics = Statistics(ledger, data.plans, data.job_runs, alerts, meter)
    inbox = {"inbox": Address(Inbox(data.chat_messages), "")}
    voice = Voice("en", DEFAULTS.zone)
    delivery = AlertDelivery(alerts, data.channel_states, inbox, tuple(inbox), (), NoPictures(), voice, clock, meter)
    methods: list[Callable[..., Any]] = [
        planning.plan,
        planning.next_wave,
        planning.boundaries,
        Invitations(*people, data.plans, ledger, sender, control, gates).send_batch,
        FollowUpStarts(data.plans, ledger, parts.follow_ups, meter, clock).start_follow_ups,
        FollowUpSteps(data.users, data.contacts, data.plans, ledger, sender, control).run_steps,
        statistics.balance,
        statistics.record_job_run,
        delivery.ways,
        CycleReports(data.job_runs, delivery, NoPictures()).post_cycle_report,
        Controlling(data.controls).look_up_control,
        Openings(parts.cycles, data.controls).look_up_opening,
        Endings(data.controls, data.compensations, parts.follow_ups, clock).give_up,
    ]
    return {str(activity._Definition.must_from_callable(method).name): method for method in methods}
