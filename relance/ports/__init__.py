"""The protocols that activities and CLI need from outside, named by role.

`relance.adapters` implements them; `tests.support.fakes` has fakes that can be made to fail. Every method is safe to
call twice with the same arguments unless it says otherwise, and raises `errors.DependencyUnavailable` when the server
behind it cannot be reached.
"""

from __future__ import annotations

from relance.ports.alerts import AlertGroups, Alerts, Illustrator, Silences
from relance.ports.channels import Attachments, Channel, ChannelStates, ChatMessages, CycleIllustrator, Delivered
from relance.ports.claims import (
    TAKEN,
    ClaimAnswer,
    Claimed,
    ClaimRequest,
    Deferred,
    Failed,
    Postponed,
    Refused,
    Released,
    Resolution,
    Result,
    Sent,
    Settlement,
    Uncertain,
)
from relance.ports.coverage import Coverage, CycleFates
from relance.ports.cycle_control import Compensations, Controls, Cycles, ErrorGates, ProgressNotes, Restores
from relance.ports.follow_ups import FollowUps, RunningFollowUps
from relance.ports.health import Effects, HealthChecks, Probe, ProbeReading, Workers
from relance.ports.inbox import Inbox, Received
from relance.ports.jobs import AuditMarks, JobRuns, NominalTimes
from relance.ports.keys import InstalledKeys, KeyUse
from relance.ports.ledger import Effectiveness, Ledger
from relance.ports.mail import Mailer, MailLane, MessageIds, OutgoingMail
from relance.ports.outbox import Lag, Outbox, Waiting
from relance.ports.people import Contacts, Page, StatusChange, Suppression, Suppressions, Users
from relance.ports.plans import Plans
from relance.ports.quarantine import Quarantine
from relance.ports.relay_log import Fate, Knowledge, LogCoverage, RelayLog, RelayRecord
from relance.ports.reports import Reports
from relance.ports.telemetry import Clock, Meter

__all__ = [
    "TAKEN",
    "AlertGroups",
    "Alerts",
    "Attachments",
    "AuditMarks",
    "Channel",
    "ChannelStates",
    "ChatMessages",
    "ClaimAnswer",
    "ClaimRequest",
    "Claimed",
    "Clock",
    "Compensations",
    "Contacts",
    "Controls",
    "Coverage",
    "CycleFates",
    "CycleIllustrator",
    "Cycles",
    "Deferred",
    "Delivered",
    "Effectiveness",
    "Effects",
    "ErrorGates",
    "Failed",
    "Fate",
    "FollowUps",
    "HealthChecks",
    "Illustrator",
    "Inbox",
    "InstalledKeys",
    "JobRuns",
    "KeyUse",
    "Knowledge",
    "Lag",
    "Ledger",
    "LogCoverage",
    "MailLane",
    "Mailer",
    "MessageIds",
    "Meter",
    "NominalTimes",
    "Outbox",
    "OutgoingMail",
    "Page",
    "Plans",
    "Postponed",
    "Probe",
    "ProbeReading",
    "ProgressNotes",
    "Quarantine",
    "Received",
    "Refused",
    "RelayLog",
    "RelayRecord",
    "Released",
    "Reports",
    "Resolution",
    "Restores",
    "Result",
    "RunningFollowUps",
    "Sent",
    "Settlement",
    "Silences",
    "StatusChange",
    "Suppression",
    "Suppressions",
    "Uncertain",
    "Users",
    "Waiting",
    "Workers",
]
