from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest

from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import Plan, PlanReason, PlanStatus
from relance.domain.cycle.send_times import Note
from relance.domain.failures import FailureClass
from relance.domain.invitations.eligibility import Refusal
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import (
    Doubt,
    Invitation,
    InvitationStatus,
    LastError,
    MailKind,
    Reminder,
    ReminderSkip,
    Verdict,
)
from relance.domain.invitations.people import ReminderSettings
from relance.domain.invitations.reminders import ReminderRefusal
from relance.wording.explain import explain_invitation, explain_plan
from relance.wording.reasons import (
    DOUBTS,
    EVENTS,
    FAILURES,
    MAILS,
    NOTES,
    PLAN_REASONS,
    REFUSALS,
    REMINDER_REFUSALS,
    reason_in_words,
)
from tests.support.domain_people import SENT_AT, a_contact, a_plan, a_user, an_invitation

DAY = timedelta(days=1)
SENTENCE = "The invitation 2026-11.u1.c1"


def why(invitation: Invitation | None, now: datetime = SENT_AT + DAY, **given: Any) -> list[str]:
    standard: dict[str, Any] = {"user": a_user(), "contact": a_contact(), "plan": a_plan(), "suppressed": False}
    return explain_invitation(invitation, now=now, **{**standard, **given})


@pytest.mark.parametrize(
    ("codes", "phrases"),
    [
        (Refusal, REFUSALS),
        (ReminderRefusal, REMINDER_REFUSALS),
        (Note, NOTES),
        (FailureClass, FAILURES),
        (EventKind, EVENTS),
        (PlanReason, PLAN_REASONS),
    ],
)
def test_every_code_has_a_phrase(codes: type[StrEnum], phrases: Mapping[StrEnum, str]) -> None:
    assert set(phrases) == set(codes)
    assert all(phrases.values())
    assert codes is Note or not any("recorded reason" in reason_in_words(code) for code in codes)


def test_an_unknown_reason_is_named_as_it_is() -> None:
    assert reason_in_words("solar_flare") == 'the recorded reason is "solar_flare"'
    assert reason_in_words(None) == "no reason is recorded"


def test_a_sent_invitation_says_when_and_what_comes_next() -> None:
    assert why(an_invitation()) == [
        f"{SENTENCE} was sent on Thursday 5 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "The first reminder is due on Sunday 8 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "The second reminder is due on Thursday 12 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "Without an answer the invitation expires on Saturday 5 December 2026 at 18:00 Europe/Paris time (17:00 UTC).",
    ]


def test_a_local_day_that_is_another_one_in_utc_is_named_in_both() -> None:
    first = why(an_invitation(), plan=a_plan(zone="Pacific/Kiritimati"))[0]
    assert first.endswith(
        "on Friday 6 November 2026 at 07:00 Pacific/Kiritimati time (5 November 17:00 UTC)."
    )  # fmt: skip


def test_without_a_plan_times_are_in_utc() -> None:
    assert why(an_invitation(), plan=None)[0] == f"{SENTENCE} was sent on Thursday 5 November 2026 at 17:00 UTC."


def test_the_rule_behind_an_unexpected_time_is_named() -> None:
    lines = why(an_invitation(late=True), plan=a_plan(notes=("day_clamped", "unheard_of")))
    assert "later than planned" in lines[0]
    assert lines[1] == "The rule for the time: a day past the month's end means its last day."


def test_a_skipped_invitation_says_why_and_that_nothing_follows() -> None:
    skipped = an_invitation(InvitationStatus.SKIPPED, reason="contact_opted_out", ended_at=SENT_AT)
    assert why(skipped) == [
        f"{SENTENCE} was not sent; that was decided on Thursday 5 November 2026 at 18:00 Europe/Paris time"
        " (17:00 UTC), because the contact asked not to be written to.",
        "Nothing more will be sent for it.",
    ]


def test_a_reminded_contact_hears_of_each_reminder() -> None:
    reminded = an_invitation(
        reminders=(Reminder(type=MailKind.FIRST, sent_at=SENT_AT + 3 * DAY, message_id="<r@x.example>"),),
        reminder_skips=(ReminderSkip(type=MailKind.SECOND, reason="this_reminder_off", at=SENT_AT + 7 * DAY),),
    )
    lines = why(reminded, now=SENT_AT + 8 * DAY)
    assert lines[1:] == [
        "The first reminder was sent on Sunday 8 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "The second reminder was not sent when it was due on Thursday 12 November 2026 at 18:00 Europe/Paris time"
        " (17:00 UTC), because the user has switched this reminder off.",
        "Without an answer the invitation expires on Saturday 5 December 2026 at 18:00 Europe/Paris time (17:00 UTC).",
    ]


def test_somebody_whose_cycle_was_taken_back_hears_of_it_and_of_the_correction() -> None:
    taken_back = an_invitation(
        status=InvitationStatus.CANCELLED,
        reason="cycle_rolled_back",
        ended_at=SENT_AT + DAY,
        reminders=(Reminder(type=MailKind.CORRECTION, sent_at=SENT_AT + DAY, message_id="<r@x.example>"),),
    )
    lines = why(taken_back, now=SENT_AT + 8 * DAY)
    assert any("because somebody took the whole cycle back" in line for line in lines)
    assert any(line.startswith("The correction was sent on Friday 6 November 2026") for line in lines)


def test_a_reminder_that_would_be_refused_now_says_so() -> None:
    user = a_user(reminder_settings=ReminderSettings(first=False))
    lines = why(an_invitation(), user=user)
    assert "as things stand it will not be sent, because the user has switched this reminder off" in lines[1]
    assert lines[2] == (
        "The second reminder is due on Thursday 12 November 2026 at 18:00 Europe/Paris time (17:00 UTC)."
    )
    assert "nobody may write to" in why(an_invitation(), suppressed=True)[1]


def test_an_overdue_reminder_is_not_hidden() -> None:
    assert why(an_invitation(), now=SENT_AT + 4 * DAY)[1] == (
        "The first reminder has been due since Sunday 8 November 2026 at 18:00 Europe/Paris time (17:00 UTC)."
    )


def test_a_late_reminder_is_told_with_what_will_become_of_it() -> None:
    first, second = why(an_invitation(), now=SENT_AT + 6 * DAY + timedelta(hours=1))[1:3]
    assert first.endswith("as things stand it will not be sent, because too much time had passed since it was due.")
    assert second == "The second reminder is due on Thursday 12 November 2026 at 18:00 Europe/Paris time (17:00 UTC)."
    first, _ = why(an_invitation(), now=SENT_AT + 8 * DAY)[1:3]
    assert first.endswith("because the second reminder was due before it could leave.")


def test_a_reminder_after_a_fresh_mail_is_told_with_the_instant_it_waits_for() -> None:
    sent = Reminder(type=MailKind.FIRST, sent_at=SENT_AT + 7 * DAY - timedelta(hours=1), message_id="<r@x.example>")
    [second] = [line for line in why(an_invitation(reminders=(sent,)), now=SENT_AT + 6 * DAY) if "second" in line]
    assert second.endswith(
        "it waits until Friday 13 November 2026 at 17:00 Europe/Paris time (16:00 UTC), because the mail before it is "
        "too fresh."
    )


def test_of_a_paused_cycle_each_reminder_says_until_when_it_waits() -> None:
    paused = Control(id="2026-11", state=ControlState.PAUSED, by="ann")
    first, second = why(an_invitation(), now=SENT_AT + 4 * DAY, control=paused)[1:3]
    waits = "the cycle is paused, so it waits, and is left out if the cycle does not go on before"
    assert first.endswith(f"{waits} Wednesday 11 November 2026 at 18:00 Europe/Paris time (17:00 UTC).")
    assert second.endswith(f"{waits} Sunday 15 November 2026 at 18:00 Europe/Paris time (17:00 UTC).")
    going_on = why(an_invitation(), now=SENT_AT + 4 * DAY, control=Control(id="2026-11"))
    assert not any("paused" in line for line in going_on)


@pytest.mark.parametrize("reason", ["overtaken", "too_late"])
def test_a_reminder_left_out_for_its_lateness_is_told_with_the_instant_of_the_decision(reason: str) -> None:
    skip = ReminderSkip(type=MailKind.FIRST, reason=reason, at=SENT_AT + 8 * DAY)
    lines = why(an_invitation(reminder_skips=(skip,)), now=SENT_AT + 8 * DAY)
    assert lines[1].startswith("The first reminder was left out on Friday 13 November 2026 at 18:00")


def test_a_deferred_invitation_says_what_went_wrong_and_when_it_is_tried_again() -> None:
    error = LastError(code="4.2.2", class_="soft_recipient", severity="low", at=SENT_AT)
    waiting = an_invitation(InvitationStatus.QUEUED, last_error=error, retry_at=SENT_AT + timedelta(minutes=5))
    assert why(waiting, now=SENT_AT) == [
        f"{SENTENCE} has not been sent yet.",
        "The last try failed with code 4.2.2: the recipient's mailbox cannot take mail for the moment.",
        "The next try comes on Thursday 5 November 2026 at 18:05 Europe/Paris time (17:05 UTC).",
    ]
    assert why(waiting)[2] == "The next try is due now."


def test_an_answer_ends_the_story() -> None:
    answered = an_invitation(
        InvitationStatus.SUBMITTED, sent_at=SENT_AT, opened_at=SENT_AT + DAY, submitted_at=SENT_AT + 2 * DAY, attempts=3
    )
    assert why(answered, now=SENT_AT + 3 * DAY) == [
        f"{SENTENCE} was sent on Thursday 5 November 2026 at 18:00 Europe/Paris time (17:00 UTC), at try number 3.",
        "It was opened on Friday 6 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "The form was submitted on Saturday 7 November 2026 at 18:00 Europe/Paris time (17:00 UTC).",
        "Nothing more will be sent for it.",
    ]


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (InvitationStatus.CANCELLED, "opted_out", "because the contact asked not to be written to"),
        (InvitationStatus.BOUNCED, "bounced", "because the mail came back as undeliverable"),
        (InvitationStatus.EXPIRED, None, "It expired without an answer"),
    ],
)
def test_an_end_after_sending_says_how(status: InvitationStatus, reason: str | None, words: str) -> None:
    lines = why(an_invitation(status, sent_at=SENT_AT, ended_at=SENT_AT + DAY, reason=reason))
    assert words in lines[1]
    assert lines[-1] == "Nothing more will be sent for it."


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (a_plan(), "go out on Thursday 5 November 2026 at 18:00 Europe/Paris time (17:00 UTC)."),
        (a_plan(status=PlanStatus.SENDING), "are being sent now."),
        (a_plan(status=PlanStatus.DONE), "have been dealt with."),
        (a_plan(status=PlanStatus.CANCELLED), "were cancelled"),
        (a_plan(status=PlanStatus.SKIPPED, reason="too_late"), "had been missed by too long"),
    ],
)
def test_a_plan_says_when_it_goes_out_or_what_became_of_it(plan: Plan, words: str) -> None:
    lines = explain_plan(plan, SENT_AT - DAY)
    assert lines[0].startswith("The invitations of user u1 for November 2026 ")
    assert words in lines[0]


def test_a_plan_that_is_due_and_late_says_so() -> None:
    lines = explain_plan(a_plan(late=True, notes=("zone_unknown",), zone="Mars/Base"), SENT_AT + DAY)
    assert lines == [
        "The invitations of user u1 for November 2026 were due on Thursday 5 November 2026 at 17:00 UTC and wait to be"
        " sent.",
        "The rule for the time: the user's time zone is not known, so the default time zone counts.",
        "This is later than planned.",
    ]


def test_without_an_invitation_the_plan_speaks_and_what_stands_in_the_way() -> None:
    lines = why(None, now=SENT_AT - DAY, contact=a_contact(status="pending"))
    assert lines[0] == "There is no invitation for this contact in this period yet."
    assert "go out on Thursday" in lines[1]
    assert lines[2] == (
        "As things stand the contact would not be written to, because the contact has not been confirmed yet."
    )
    assert why(None, plan=None)[1] == "Nothing is planned for the user in this period."


@pytest.mark.parametrize("status", InvitationStatus)
@pytest.mark.parametrize("was_sent", [True, False])
def test_every_status_is_explained_in_whole_sentences_without_personal_data(
    status: InvitationStatus, was_sent: bool
) -> None:
    error = LastError(code="5.1.1", class_="hard_recipient", severity="low", at=SENT_AT)
    invitation = an_invitation(status, last_error=error, reason="suppressed", ended_at=SENT_AT, message_id="<m@x>")
    if not was_sent:
        invitation = invitation.model_copy(update={"sent_at": None, "due_at": None})
    lines = why(invitation, suppressed=True)
    assert lines
    assert all(line[0].isupper() and line.endswith(".") and "{" not in line for line in lines)
    assert not any(private in " ".join(lines) for private in ("@", "Ada", "Lovelace", "Blaise", "Pascal"))


@pytest.mark.parametrize("verdict", [None, *Verdict])
def test_a_mail_that_was_uncertain_says_so_and_how_it_ended(verdict: Verdict | None) -> None:
    doubt = Doubt(kind=MailKind.FIRST, since=SENT_AT + 3 * DAY, verdict=verdict)
    [line] = [line for line in why(an_invitation(doubts=(doubt,))) if "not certain at first" in line]
    assert line.startswith("Whether the first reminder handed over on Sunday 8 November 2026 at 18:00")
    assert line.endswith(f"{DOUBTS[verdict]}.")


def test_every_end_of_a_doubt_has_words_of_its_own() -> None:
    assert set(DOUBTS) == {None, *Verdict}
    assert set(MAILS) == set(MailKind)
    assert len(set(DOUBTS.values())) == len(DOUBTS)


def test_a_doubt_that_a_restore_has_left_is_told_as_one() -> None:
    doubt = Doubt(kind=MailKind.INVITATION, since=SENT_AT, restored=True, verdict=Verdict.ARRIVED)
    [line] = [line for line in why(an_invitation(doubts=(doubt,))) if "not certain at first" in line]
    assert line.startswith("The database was put back to its state on Thursday 5 November 2026")


def test_a_changed_address_is_given_as_the_reason_for_which_no_reminder_will_go_out() -> None:
    lines = " ".join(why(an_invitation(), moved=True))
    assert lines.count("the contact's address is another one than that of the invitation") == 2
    assert "another one" not in " ".join(why(an_invitation()))
