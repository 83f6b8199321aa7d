"""Makes the activities of each task queue out of the adapters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.alerts import Address, AlertDelivery, MessageLocale
from activities.corrections import Corrections
from activities.cycle_control import Controlling, Endings
from activities.cycle_notes import CycleNotes
from activities.cycle_reports import CycleReports
from activities.follow_up_starts import FollowUpStarts
from activities.follow_ups import FollowUpSteps
from activities.invitations import Invitations
from activities.job_audit import JobAudit
from activities.openings import Openings
from activities.planning import Planning
from activities.reports import ReportChecks
from activities.statistics import Statistics
from activities.unsent import Unsent
from composition.connections import Connections
from composition.health import health_of
from composition.maintenance import maintenance_of
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.clock import SystemClock
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.mongo.connection import Database
from relance.contracts.names import TaskQueue
from relance.domain.cycle.send_times import Defaults
from relance.gateway.addresses import attachment_addresses
from relance.ports import Meter
from relance.rendering.alert_charts import AlertCharts
from relance.rendering.cycle_charts import CycleCharts
from relance.runtime.reporter import worker_name
from relance.sending.control_watch import ControlPoller
from relance.sending.error_gate import Gates
from relance.sending.local_steps import LocalSteps
from relance.sending.sender import Sender
from relance.sending.step_reads import StepReads
from relance.services.alerts import AlertService
from relance.services.cycle_control import CycleControl, ErrorPause
from relance.settings import Settings
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.progress_notes import TemporalProgressNotes
from relance.temporal.repairs import TemporalCycleRestarts
from relance.temporal.schedules import cycle_options, declared


def activities_of(settings: Settings, open_: Connections) -> dict[TaskQueue, list[Callable[..., Any]]]:
    """Return the activities each queue serves, with their dependencies."""
    data = open_.database
    sender = Sender(
        ledger=data.ledger,
        contacts=data.contacts,
        mailer=open_.mailer,
        meter=open_.instruments,
        clock=SystemClock(),
        message_ids=SealedMessageIds(
            settings.privacy.link_keys, settings.mail.message_id_domain, seals=settings.privacy.seal_ids
        ),
        relay_log=open_.relay_log,
        restores=data.restores,
    )
    scheduling = settings.scheduling
    defaults = Defaults(scheduling.default_day, scheduling.default_time, scheduling.default_zone)
    alert_service = _alert_service(settings, open_)
    planning = planning_of(data, defaults, open_.instruments, alert_service)
    control = ControlPoller(data.controls)
    gates = Gates(
        policy=settings.error_gate.policy,
        store=data.error_gates,
        pull=ErrorPause(_cycle_control(open_), _alert_service(settings, open_)).pause_on_errors,
        process=worker_name(),
        clock=SystemClock(),
    )
    invitations = Invitations(
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        plans=data.plans,
        ledger=data.ledger,
        sender=sender,
        control=control,
        gates=gates,
        hold_out=scheduling.hold_out,
        notes=TemporalProgressNotes(open_.client),
    )
    follow_ups = TemporalFollowUps(
        open_.client, data.ledger, eager=not settings.worker.versioning, queue=settings.worker.follow_up_queue
    )
    endings = Endings(
        controls=data.controls,
        compensations=data.compensations,
        ledger=data.ledger,
        follow_ups=follow_ups,
        clock=SystemClock(),
    )
    corrections = Corrections(
        users=data.users,
        contacts=data.contacts,
        ledger=data.ledger,
        compensations=data.compensations,
        sender=sender,
        rest=gates.rest,
    )
    starts = FollowUpStarts(
        plans=data.plans, ledger=data.ledger, follow_ups=follow_ups, meter=open_.instruments, clock=SystemClock()
    )
    steps = FollowUpSteps(
        reads=StepReads(data.users, data.contacts, data.plans, data.ledger),
        ledger=data.ledger,
        sender=sender,
        control=control,
        gates=gates,
        local=LocalSteps(),
    )
    statistics = Statistics(
        ledger=data.ledger,
        plans=data.plans,
        job_runs=data.job_runs,
        alert_service=alert_service,
        meter=open_.instruments,
        quarantine=data.quarantine,
    )
    notes = CycleNotes(
        cycles=TemporalCycleRestarts(open_.client, cycle_options(settings)),
        controls=data.controls,
        plans=data.plans,
        alert_service=alert_service,
    )
    checks = ReportChecks(open_.reports, settings.everflow.rules, alert_service)
    delivery = _delivery(settings, open_, alert_service)
    audit = JobAudit(
        jobs=[schedule.id for schedule in declared(settings)],
        nominal_times=TemporalNominalTimes(open_.client),
        marks=data.audit_marks,
        job_runs=data.job_runs,
        alert_service=alert_service,
        clock=SystemClock(),
        grace=settings.jobs.audit_grace,
        meter=open_.instruments,
    )
    return {
        TaskQueue.INVITATIONS: [
            planning.plan,
            planning.next_wave,
            planning.boundaries,
            Controlling(data.controls).look_up_control,
        ],
        TaskQueue.MAIL: [
            invitations.send_batch,
            starts.start_follow_ups,
            steps.run_steps,
            steps.run_steps_locally,
            corrections.send_corrections,
        ],
        TaskQueue.OPS: [
            endings.give_up,
            endings.stop_follow_ups,
            planning.unsent.record_unsent,
            notes.look_at_wave,
            notes.note_left,
            notes.note_waves,
            statistics.balance,
            statistics.record_job_run,
            Openings(TemporalCycles(open_.client), data.controls).look_up_opening,
            audit.audit,
            checks.default_lp,
            checks.paused_partner,
            checks.no_data,
            delivery.ways,
            delivery.post,
            delivery.record,
            delivery.look_up_decisions,
            _cycle_reports(settings, open_, delivery).post_cycle_report,
            *maintenance_of(settings, open_, alert_service, delivery),
            *health_of(settings, open_, alert_service),
        ],
    }


def planning_of(data: Database, defaults: Defaults, meter: Meter, alert_service: AlertService) -> Planning:
    """Return the planning over a database."""
    unsent = Unsent(
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        plans=data.plans,
        ledger=data.ledger,
        controls=data.controls,
        unsent=data.unsent,
        defaults=defaults,
    )
    return Planning(
        users=data.users,
        plans=data.plans,
        defaults=defaults,
        meter=meter,
        quarantine=data.quarantine,
        unsent=unsent,
        alert_service=alert_service,
    )


def _cycle_control(open_: Connections) -> CycleControl:
    return CycleControl(open_.database.controls, TemporalCycles(open_.client), SystemClock())


def _alert_service(settings: Settings, open_: Connections) -> AlertService:
    data, groups = open_.database, TemporalAlertGroups(open_.client, settings.alerts.policy)
    return AlertService(alerts=data.alerts, silences=data.silences, groups=groups, clock=SystemClock())


def _delivery(settings: Settings, open_: Connections, alert_service: AlertService) -> AlertDelivery:
    data, channels = open_.database, open_.channels
    links = AttachmentTokens(settings.privacy.link_keys)
    return AlertDelivery(
        alert_service=alert_service,
        states=data.channel_states,
        addresses={name: Address(channel, channels.fingerprints[name]) for name, channel in channels.by_name.items()},
        always=settings.channels.always_names,
        order=settings.channels.order_names,
        illustrator=AlertCharts(data.attachments, attachment_addresses(settings.gateway, links.sign)),
        voice=MessageLocale(
            language=settings.alerts.language,
            zone=settings.alerts.zone,
            runbook_url=settings.alerts.runbook_url,
            console=settings.gateway.public_url if settings.console.is_on else None,
        ),
        clock=SystemClock(),
        meter=open_.instruments,
        routes=settings.routes if settings.alerts.routes else (),
    )


def _cycle_reports(settings: Settings, open_: Connections, delivery: AlertDelivery) -> CycleReports:
    links = AttachmentTokens(settings.privacy.link_keys)
    charts = CycleCharts(open_.database.attachments, attachment_addresses(settings.gateway, links.sign))
    return CycleReports(open_.database.job_runs, delivery, charts)
