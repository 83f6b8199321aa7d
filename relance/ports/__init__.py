"""What the activities and the CLI need from the world, named by role.

`relance.adapters` has the real things; `tests.fakes` the ones that can be told to fail. Every method is safe to call
twice with the same arguments unless it says otherwise, and raises `errors.DependencyUnavailable` when the server behind
it cannot be reached.
"""

from __future__ import annotations

from relance.ports.alerts import AlertGroups, Alerts, ChannelStates, Illustrator, Silences
from relance.ports.channels import Attachments, Channel, ChatMessages, Delivered
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
from relance.ports.compensations import Compensations
from relance.ports.control import Controls, Cycles, ErrorGates
from relance.ports.coverage import Coverage, CycleFates
from relance.ports.cycle_reports import CycleIllustrator
from relance.ports.effectiveness import Effectiveness
from relance.ports.effects import Effects
from relance.ports.health import HealthChecks, Probe, Reading, Workers
from relance.ports.inbox import Inbox, Received
from relance.ports.jobs import AuditMarks, NominalTimes
from relance.ports.keys import InstalledKeys, KeyUse
from relance.ports.ledger import JobRuns, Ledger
from relance.ports.mail import Letter, Mailer, MailLane
from relance.ports.outbox import Lag, Outbox, Waiting
from relance.ports.people import Contacts, Page, StatusChange, Suppression, Suppressions, Users
from relance.ports.plans import Plans
from relance.ports.quarantine import Quarantine
from relance.ports.relay_log import Fate, Knowledge, LogCoverage, RelayLog, RelayRecord
from relance.ports.reports import Reports
from relance.ports.restores import Restores
from relance.ports.surroundings import Clock, FollowUps, Meter, RunningFollowUps

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
    "Letter",
    "LogCoverage",
    "MailLane",
    "Mailer",
    "Meter",
    "NominalTimes",
    "Outbox",
    "Page",
    "Plans",
    "Postponed",
    "Probe",
    "Quarantine",
    "Reading",
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
