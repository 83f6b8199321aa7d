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
    Refused,
    Released,
    Result,
    Sent,
    Settlement,
    Uncertain,
)
from relance.ports.ledger import JobRuns, Ledger
from relance.ports.mail import Letter, Mailer, MailLane
from relance.ports.people import Contacts, Page, Suppressions, Users
from relance.ports.plans import Plans
from relance.ports.reports import Reports
from relance.ports.surroundings import Clock, FollowUps, Meter

__all__ = [
    "TAKEN",
    "AlertGroups",
    "Alerts",
    "Attachments",
    "Channel",
    "ChannelStates",
    "ChatMessages",
    "ClaimAnswer",
    "ClaimRequest",
    "Claimed",
    "Clock",
    "Contacts",
    "Deferred",
    "Delivered",
    "Failed",
    "FollowUps",
    "Illustrator",
    "JobRuns",
    "Ledger",
    "Letter",
    "MailLane",
    "Mailer",
    "Meter",
    "Page",
    "Plans",
    "Refused",
    "Released",
    "Reports",
    "Result",
    "Sent",
    "Settlement",
    "Silences",
    "Suppressions",
    "Uncertain",
    "Users",
]
