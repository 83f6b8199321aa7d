"""A cycle from the command line, with a worker: started once, watched, reported, explained, answered."""

from __future__ import annotations

from datetime import UTC, datetime

import starter
from relance.contracts.names import MONTHLY_SCHEDULE, CheckName, JobName
from relance.devstack.mailbox.client import Mailbox
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from tests.cli.desk import stored
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

PERIOD, OTHER = "2041-03", "2041-04"
# Of the four users' eight contacts one has opted out and one has bounced; see `relance.devstack.samples`.
SENT, SKIPPED = 6, {"contact_opted_out": 1, "contact_bounced": 1}


async def test_a_dry_run_shows_everything_and_writes_nothing(terminal: Terminal, mailbox: Mailbox) -> None:
    said = terminal.json("start", "cycle", "--period", PERIOD, "--dry-run")
    assert (said["would_send"], said["not_sent"], said["users_planned"]) == (SENT, SKIPPED, 4)
    assert sum(wave["mails"] for wave in said["waves"]) == SENT
    assert said["difference"] is None
    async with starter.database(stored(terminal)) as database:
        assert await database.plans.open_count(PERIOD) == 0
        assert await database.ledger.outcomes(PERIOD) == []
    assert (await mailbox.stats()).total == 0


async def test_a_cycle_is_sent_once_however_often_it_is_started(
    terminal: Terminal, worker: WorkerProcess, mailbox: Mailbox
) -> None:
    assert worker.server.running
    ended = terminal.run("start", "cycle", "--period", PERIOD, "--now", "--wait", "--yes", "--json")
    assert ended.code == 0, ended
    assert (ended.data["sent"], ended.data["skipped"], ended.data["balance"]) == (SENT, SKIPPED, 0)
    again = terminal.json("start", "cycle", "--period", PERIOD, "--now")
    assert again["state"] == "done"
    assert (await mailbox.stats()).total == SENT
    assert len({mail.message_id for mail in await mailbox.log()}) == SENT


def test_status_and_report_agree_with_each_other(terminal: Terminal, worker: WorkerProcess) -> None:
    status = terminal.json("cycle", "status", PERIOD, "--watch")
    report = terminal.json("cycle", "report", PERIOD)
    assert (status["workflow"], status["progress"]["stage"]) == ("completed", "done")
    assert (status["sent"], status["skipped"]) == (report["sent"], report["skipped"]) == (SENT, SKIPPED)
    assert report["reminders"] == {"first": 0, "second": 0}
    shown = terminal.run("cycle", "report", PERIOD).out
    assert "Balanced" in shown
    assert "contact opted out" in shown


def test_the_next_dry_run_is_compared_with_this_month(terminal: Terminal) -> None:
    said = terminal.json("start", "cycle", "--period", OTHER, "--dry-run")
    assert said["difference"] == {"sent": 0}
    decided = terminal.json("start", "cycle", "--period", PERIOD, "--dry-run")
    assert decided["would_send"] == 0
    assert decided["not_sent"] == {"already_sent": SENT, "already_skipped": 2}


def test_a_second_start_of_a_running_cycle_leaves_it_alone(terminal: Terminal, worker: WorkerProcess) -> None:
    first = terminal.json("start", "cycle", "--period", OTHER, "--yes")
    second = terminal.json("start", "cycle", "--date", f"{OTHER}-15")
    assert (first["state"], second["state"]) == ("started", "running")
    assert "runs already, since" in second["message"]


def test_why_answers_in_sentences_for_a_sent_and_a_skipped_contact(terminal: Terminal) -> None:
    [sent] = terminal.json("why", f"{PERIOD}.u0001.c0001-01")["answers"]
    assert "was sent on" in sent["sentences"][0]
    assert any("first reminder is due" in line for line in sent["sentences"])
    skipped = terminal.run("why", "--contact", "c0001-02").out
    assert "because the contact asked not to be written to" in skipped
    plans = terminal.json("why", "--user", "u0001")["answers"]
    assert {f"{PERIOD}.u0001", f"{OTHER}.u0001"} <= {answer["id"] for answer in plans}


def test_an_unknown_period_or_invitation_is_wrong_usage(terminal: Terminal) -> None:
    for line in (
        f"signal {PERIOD}.u0001.c9999 submitted",
        f"why {PERIOD}.u0001.c9999",
        "why --user u9999",
        "why --contact c9999",
        "cycle status 2019-01",
        "cycle report 2019-01",
    ):
        ended = terminal.run(*line.split())
        assert ended.code == 2, (line, ended)
        assert ended.err.startswith("error: ")


async def test_an_answer_ends_the_invitation_and_tells_its_follow_up(terminal: Terminal, worker: WorkerProcess) -> None:
    invitation = f"{PERIOD}.u0001.c0001-01"
    first = terminal.json("signal", invitation, "submitted")
    assert (first["changed"], first["follow_ups_told"]) == (True, 1)
    # Its user's other contact was skipped, so that nothing is left to follow.
    second = terminal.json("signal", invitation, "submitted")
    assert (second["changed"], second["follow_ups_told"]) == (False, 0)
    assert "No follow-up is running" in second["message"]
    late = terminal.json("signal", invitation, "opened")
    assert "message" in late


async def test_an_answer_before_the_mail_and_before_any_follow_up_is_taken_in(
    terminal: Terminal, worker: WorkerProcess
) -> None:
    period = "2041-06"
    early = Invitation(
        id=f"{period}.u0001.c0001-01",
        period=period,
        user_id="u0001",
        contact_id="c0001-01",
        status=InvitationStatus.QUEUED,
        queued_at=datetime.now(UTC),
    )
    async with starter.database(stored(terminal)) as database:
        await database.ledger.queue([early])
    said = terminal.json("signal", early.id, "submitted")
    assert (said["changed"], said["follow_ups_told"]) == (True, 0)
    report = terminal.json("start", "cycle", "--period", period, "--now", "--wait", "--yes")
    assert (report["sent"], report["balance"]) == (SENT - 1, 0)
    assert report["skipped"]["submitted"] == 1


async def test_an_opt_out_closes_the_contact_his_address_and_his_other_invitations(
    terminal: Terminal, worker: WorkerProcess
) -> None:
    sent = terminal.json("start", "cycle", "--period", "2041-05", "--now", "--wait", "--yes")
    assert sent["sent"] == SENT
    said = terminal.json("signal", f"{PERIOD}.u0003.c0003-01", "opted-out")
    assert (said["changed"], said["contact_changed"], said["others_changed"]) == (True, True, 2)
    async with starter.database(stored(terminal)) as database:
        contact = (await database.contacts.by_ids(["c0003-01"]))["c0003-01"]
        assert contact.status == "opted_out"
        assert await database.suppressions.suppressed([contact.email]) == {contact.email}
        statuses = {entry.period: entry.status for entry in await database.ledger.of_contact("c0003-01")}
        assert statuses == dict.fromkeys((PERIOD, "2041-05", "2041-06"), "cancelled")
    again = terminal.json("signal", f"{PERIOD}.u0003.c0003-01", "opted-out")
    assert (again["changed"], again["contact_changed"], again["others_changed"]) == (False, False, 0)


def test_the_doctor_is_content_with_a_worker_and_schedules(terminal: Terminal, worker: WorkerProcess) -> None:
    ended = terminal.run("doctor", "--json")
    wrong = {check["what"]: check["remedy"] for check in ended.data["checks"] if check["state"] == "wrong"}
    # Nobody has run `bootstrap` here.
    assert ended.code == 1
    schedules = {f"Schedule {name}" for name in (MONTHLY_SCHEDULE, *CheckName, *JobName)}
    # Its alerts go to the inbox alone, where nobody looks.
    assert set(wrong) == {"retention", "alerts", *schedules}
    terminal.json("bootstrap")
    channel = {"RELANCE_CHANNELS__ORDER": "slack", "RELANCE_CHANNELS__SLACK_URL": "https://chat.example/hooks/desk"}
    healthy = Terminal({**terminal.environment, **channel}).json("doctor")
    assert healthy["healthy"] is True
    queues = [check for check in healthy["checks"] if check["what"].startswith("queue ")]
    assert len(queues) == 3
    assert {check["state"] for check in queues} == {"ok"}
