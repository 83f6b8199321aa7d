"""The names by which workflows, signals, queries and task queues are addressed from outside the worker."""

from __future__ import annotations

from enum import StrEnum


class TaskQueue(StrEnum):
    """One queue per kind of work, so that one can be scaled or drained without the others."""

    INVITATIONS = "relance-invitations"
    MAIL = "relance-mail"
    OPS = "relance-ops"


class Workflow(StrEnum):
    """Workflow types."""

    OPEN_PERIOD = "OpenPeriod"
    MONTHLY_CYCLE = "MonthlyCycle"
    CYCLE_REPORT = "CycleReport"
    SEND_WAVE = "SendWave"
    FOLLOW_UP = "FollowUp"
    WAKE_FOLLOW_UPS = "WakeFollowUps"
    ROLL_BACK = "RollBack"
    DEFAULT_LP = "DefaultLpAlert"
    PAUSED_PARTNER = "PausedPartnerCheck"
    ALERT = "Alert"
    CLEANUP = "WeeklyCleanup"
    HEALTH = "HealthCheck"
    RECONCILE = "Reconcile"
    DIGEST = "DailyDigest"
    NOISE = "NoiseReport"
    OUTAGE = "DatabaseOutage"
    BACKFILL = "Backfill"
    FORGET_PERSON = "ForgetPerson"


class Signal(StrEnum):
    """Signals."""

    PREFERENCES_CHANGED = "preferences_changed"
    CONTROL = "control"
    EVENT = "event"
    STOP = "stop"
    WAKE = "wake"
    SIGHTED = "sighted"
    DECIDED = "decided"
    INHIBITED = "inhibited"
    DETAILS = "details"


class Query(StrEnum):
    """Queries."""

    PROGRESS = "progress"
    NOTE_BATCH = "note_batch"
    NOTE_WAVE = "note_wave"
    STEPS = "steps"
    VIEW = "view"


class ErrorType(StrEnum):
    """`ApplicationError.type` on both sides of the wire."""

    INVALID_INPUT = "InvalidInput"
    UNAVAILABLE = "DependencyUnavailable"
    DRAINING = "WorkerDraining"
    REPORT_UNAVAILABLE = "ReportUnavailable"
    REPORT_UNUSABLE = "ReportUnusable"
    REPORT_REFUSED = "ReportRefused"
    CHANNEL_UNAVAILABLE = "ChannelUnavailable"
    CHANNEL_REFUSED = "ChannelRefused"
    CHANNEL_GONE = "ChannelGone"
    BUG = "UnexpectedError"


SIGNALS_IGNORED = "relance.signals.ignored"
"""The metric of signals that made no sense; workflows count it by Temporal's meter, which a replay does not move."""

MONTHLY_SCHEDULE = "monthly-cycle"
"""The id of the Schedule that opens each period."""


class CheckName(StrEnum):
    """The partner desk's checks: also the ids of their Schedules, their jobs' names and the rules of their alerts."""

    DEFAULT_LP = "default-lp"
    PAUSED_PARTNER = "paused-partner"


class JobName(StrEnum):
    """The maintenance jobs: also the ids of their Schedules and the names of their job runs."""

    CLEANUP = "cleanup"
    HEALTH = "health"
    RECONCILE = "reconcile"
    DIGEST = "digest"
    NOISE = "noise-report"
