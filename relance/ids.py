"""Every id the system uses is built here, and here only; each is a pure function of its keys (SPEC section 1, C7)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from relance.domain.invitations.invitation import MailKind
from relance.errors import InvalidInput

CONTACTS_PER_FOLLOW_UP = 100
LONGEST_ALERT_KEY = 200
"""Within PagerDuty's 255 characters of a deduplication key, with room for the number of a message."""


class InvitationKey(NamedTuple):
    """The parts of an invitation id."""

    period: str
    user_id: str
    contact_id: str


_INVITATION = re.compile(r"([0-9]{4}-(?:0[1-9]|1[0-2]))\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})")


def plan_id(period: str, user_id: str) -> str:
    """Return the id of a user's plan in a period."""
    return f"{period}.{user_id}"


def invitation_id(period: str, user_id: str, contact_id: str) -> str:
    """Return the id of an invitation."""
    return f"{period}.{user_id}.{contact_id}"


def is_invitation_id(text: str) -> bool:
    """Return whether a text has the form of an invitation id."""
    return _INVITATION.fullmatch(text) is not None


def parse_invitation_id(text: str) -> InvitationKey:
    """Return the parts of an invitation id.

    Raises:
        InvalidInput: the text is no invitation id.
    """
    found = _INVITATION.fullmatch(text)
    if found is None:
        raise InvalidInput("INVITATION_ID", f"{text!r} is not an invitation id", "write PERIOD.USER.CONTACT")
    return InvitationKey(*found.groups())


def cycle_workflow_id(period: str) -> str:
    """Return the id of a period's MonthlyCycle."""
    return f"cycle/{period}"


def wave_workflow_id(period: str, instant: datetime) -> str:
    """Return the id of the SendWave of one instant."""
    return f"{wave_prefix(period)}{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def wave_prefix(period: str) -> str:
    """Return what the ids of all waves of a period begin with."""
    return f"{cycle_workflow_id(period)}/wave/"


def instant_of_wave(workflow_id: str) -> datetime:
    """Return the instant in the id of a SendWave."""
    return datetime.strptime(workflow_id.rpartition("/")[2], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def follow_up_workflow_id(period: str, user_id: str, part: int = 0) -> str:
    """Return the id of a user's FollowUp; contacts beyond the first hundred have parts of their own."""
    base = f"follow-up/{period}/{user_id}"
    return f"{base}/{part}" if part else base


def wake_workflow_id(period: str) -> str:
    """Return the id of the WakeFollowUps that runs after a period's cycle was resumed."""
    return f"wake/{period}"


def cycle_report_workflow_id(period: str) -> str:
    """Return the id of what notifies people how a period's cycle ended."""
    return f"cycle-report/{period}"


def cycle_report_key(period: str, at: datetime) -> str:
    """Return the deduplication key of the message about a balance drawn at this instant."""
    return f"cycle-report/{period}/{_instant(at)}"


def forget_workflow_id(erasure_id: str) -> str:
    """Return the id of what forgets a person, by the id of its record."""
    return f"forget/{erasure_id}"


def rollback_workflow_id(period: str) -> str:
    """Return the id of what takes a period's cycle back."""
    return f"rollback/{period}"


def message_id(invitation: str, kind: MailKind, domain: str) -> str:
    """Return the Message-ID of a mail: the same whenever it is sent again (SPEC C8, X4)."""
    return f"<{invitation}.{kind}@{domain}>"


def invitation_of_message_id(text: str, domain: str) -> str | None:
    """Return the invitation whose mail has this Message-ID; None if it is none of ours."""
    local, _, host = text.strip().strip("<>").rpartition("@")
    invitation, _, kind = local.rpartition(".")
    ours = host.lower() == domain.lower() and kind in set(MailKind)
    return invitation if ours and is_invitation_id(invitation) else None


def check_workflow_id(check: str, nominal_day: date) -> str:
    """Return the id of a check a person started for the day of a nominal time."""
    return f"check/{check}/{nominal_day.isoformat()}"


def scheduled_workflow_id(base: str, nominal: datetime) -> str:
    """Return the id the server gives to what a Schedule starts for a nominal time; a run by hand has the same."""
    return f"{base}-{nominal.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def backfill_workflow_id(schedule: str) -> str:
    """Return the id of what makes up for past nominal times of a Schedule: one at a time."""
    return f"backfill/{schedule}"


def dry_run_workflow_id(job: str, nominal: datetime) -> str:
    """Return the id of a job's dry run, which is no run of its nominal time."""
    return f"dry-run/{scheduled_workflow_id(job, nominal)}"


def alert_key(rule: str, subject: str) -> str:
    """Return the key of an alert: the same condition has the same key, and at most one open alert (SPEC A1)."""
    key = f"{rule}/{quote(subject, safe='.')}"
    if len(key) <= LONGEST_ALERT_KEY:
        return key
    return f"{key[: LONGEST_ALERT_KEY - 33]}~{sha256(key.encode()).hexdigest()[:32]}"


def alert_rule(key: str) -> str:
    """Return the rule of an alert's key."""
    return key.partition("/")[0]


def alert_id(key: str, fired_at: datetime) -> str:
    """Return the id of one alert: a condition that comes back after it resolved is a new one."""
    return f"{key}@{_instant(fired_at)}"


def alert_workflow_id(group: str) -> str:
    """Return the id of the workflow that delivers a group's alerts."""
    return f"alert/{group}"


def alert_message_key(group: str, opened_at: datetime, sequence: int, route: str = "") -> str:
    """Return the deduplication key of a group's message: the same however often it is delivered (SPEC A6)."""
    number = f"{route}/{sequence}" if route else f"{sequence}"
    return f"alert/{group}/{_instant(opened_at)}/{number}"


def report_key(job: str, day: date) -> str:
    """Return the deduplication key of a report that people get once per nominal day."""
    return f"{job}/{day.isoformat()}"


def alert_details_key(message_key: str, asked_at: datetime) -> str:
    """Return the deduplication key of the details to a message; a later request gets them again."""
    return f"{message_key}/details/{_instant(asked_at)}"


def chat_turn_key(via: str, key: str) -> str:
    """Return the key of what a person wrote into the chat: the same however often it is sent."""
    return f"chat/{via}/{key}"


def chat_answer_key(via: str, key: str) -> str:
    """Return the key of the answer to what a person wrote into the chat."""
    return f"{chat_turn_key(via, key)}/answer"


def is_chat_answer(key: str) -> bool:
    """Return whether a message of the chat answers a person: others were sent by ourselves."""
    return key.startswith("chat/")


def alert_anchor(target: str) -> str:
    """Return the id of the place on the console's chat that is about an alert or a group."""
    return f"alert-{sha256(target.encode()).hexdigest()[:16]}"


def alert_address(base: str, target: str) -> str:
    """Return where the console's chat is about an alert or a group; `base` is how the gateway is called outside."""
    return f"{base}/console/chat?alert={quote(target, safe='')}#{alert_anchor(target)}"


def outage_workflow_id(probe: str) -> str:
    """Return the id of the workflow that holds an outage: there is one at a time."""
    return f"outage/{probe}"


def outage_message_key(probe: str, begun: datetime, telling: str) -> str:
    """Return the deduplication key of a message about an outage."""
    return f"outage/{probe}/{_instant(begun)}/{telling}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
