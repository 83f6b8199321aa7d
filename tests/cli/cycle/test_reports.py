"""`cycle report` and `report reminders` over stored months: compared, drawn, and saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import starter
from relance.contracts.cycle import CycleProgress, CycleStatistics, MailCounts
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind, Reminder, ReminderSkip
from relance.ids import invitation_id
from relance.services.cycle_statistics import all_figures
from tests.cli.desk import stored
from tests.support.terminal import Terminal

PNG = b"\x89PNG\r\n\x1a\n"
AT = datetime(2031, 5, 8, 16, 0, tzinfo=UTC)


def cycle(period: str, sent: int, opted_out: int, before: CycleStatistics | None = None) -> CycleStatistics:
    figures = {"sending_s": 10.0, "per_second": sent / 10, "slowest_batch_s": 2.0, "rss_peak_mb": 99.0}
    return CycleStatistics(
        period=period,
        eligible=sent + opted_out,
        sent=sent,
        cancelled=0,
        skipped={"contact_opted_out": opted_out},
        failed={},
        uncertain=0,
        open=0,
        balance=0,
        plans_open=0,
        progress=CycleProgress(period=period, waves_done=3, counts=MailCounts(sent=sent)),
        at=AT,
        figures={**figures, "success_rate": 1.0},
        before_period=before.period if before else None,
        before=all_figures(before) if before else {},
    )


@pytest.fixture
async def months(terminal: Terminal) -> None:
    april = cycle("2031-04", 9_800, 200)
    async with starter.database(stored(terminal)) as database:
        for statistics in (april, cycle("2031-05", 9_300, 700, april)):
            await database.job_runs.store_statistics(statistics, AT)


@pytest.mark.usefixtures("months")
def test_a_cycle_is_shown_next_to_the_month_before_with_what_changed_a_lot(terminal: Terminal) -> None:
    said = terminal.json("cycle", "report", "2031-05")
    assert (said["figures"]["per_second"], said["figures"]["rss_peak_mb"]) == (930.0, 99.0)
    changes = {one["figure"]: one for one in said["changes"]}
    assert changes["sent"] == {"figure": "sent", "now": 9300, "before": 9800, "delta": -500, "large": False}
    assert [name for name, one in changes.items() if one["large"]] == ["skipped.contact_opted_out"]
    shown = terminal.run("cycle", "report", "2031-05").out
    for part in ("2031-04", "+500 (+250%) !", "930 per second", "Changed by more than usual against 2031-04"):
        assert part in shown, (part, shown)
    first = terminal.json("cycle", "report", "2031-04")
    assert (first["changes"], first["before_period"]) == ([], None)
    assert "change" not in terminal.run("cycle", "report", "2031-04").out


@pytest.mark.usefixtures("months")
def test_the_charts_of_a_cycle_are_written_into_a_folder(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "charts" / "may"
    said = terminal.json("cycle", "report", "2031-05", "--save", str(folder))
    assert sorted(Path(one).name for one in said["files"]) == ["cycle-months.png", "cycle-not-sent.png"]
    assert all(Path(one).read_bytes().startswith(PNG) for one in said["files"])
    assert "written:" in terminal.run("cycle", "report", "2031-05", "--save", str(folder)).out
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    refused = terminal.run("cycle", "report", "2031-05", "--save", str(in_the_way))
    assert (refused.code, refused.err.startswith("error: --save: nothing can be written")) == (2, True)


def entry(period: str, number: int, **fields: object) -> Invitation:
    standard = {
        "id": invitation_id(period, "u9", f"c{number}"),
        "period": period,
        "user_id": "u9",
        "contact_id": f"c{number}",
        "status": InvitationStatus.SENT,
        "queued_at": AT,
        "sent_at": AT,
    }
    return Invitation.model_validate({**standard, **fields})


async def test_a_window_that_is_not_over_has_no_rate_yet(terminal: Terminal) -> None:
    unknown = terminal.run("report", "reminders", "--period", "2031-05")
    assert (unknown.code, "nothing is known of 2031-05" in unknown.err) == (2, True)
    reminder = Reminder(type=MailKind.FIRST, sent_at=AT + timedelta(days=3), message_id="<m@x>")
    async with starter.database(stored(terminal)) as database:
        await database.ledger.queue([entry("2031-05", 9)])
        # That none has come due yet is an answer.
        assert "No reminder has come due yet" in terminal.run("report", "reminders", "--period", "2031-05").out
        assert terminal.json("report", "reminders", "--period", "2031-05")["periods"] == []
        await database.ledger.queue([entry("2031-05", number, reminders=(reminder,)) for number in range(9)])
    [month] = terminal.json("report", "reminders", "--period", "2031-05")["periods"]
    assert (month["sent"], month["watched"], month["answers"]["rate"], month["lift"]) == (9, 0, None, None)
    assert "no hold-out group" in terminal.run("report", "reminders", "--period", "2031-05").out


async def test_finished_windows_have_rates_hours_and_a_lift(terminal: Terminal, tmp_path: Path) -> None:
    past = datetime(2021, 5, 8, 16, 0, tzinfo=UTC)
    due = past + timedelta(days=3)
    reminder = Reminder(type=MailKind.FIRST, sent_at=due, message_id="<m@x>")
    skip = ReminderSkip(type=MailKind.FIRST, reason="holdout", at=due)
    answer = {"status": InvitationStatus.SUBMITTED, "submitted_at": due + timedelta(hours=5)}
    entries = [entry("2021-05", n, reminders=(reminder,), **(answer if n < 40 else {})) for n in range(100)]
    held_out = {"reminder_skips": (skip,), "held_out": ("first", "second")}
    entries += [entry("2021-05", n, **held_out, **(answer if n < 105 else {})) for n in range(100, 150)]
    async with starter.database(stored(terminal)) as database:
        await database.ledger.queue(entries)
    said = terminal.json("report", "reminders", "--period", "2021-05", "--save", str(tmp_path))
    [month] = said["periods"]
    assert (month["type"], month["sent"], month["watched"], month["answers"]["rate"]) == ("first", 100, 100, 0.4)
    lift = month["lift"]
    assert (lift["reminded"]["of"], lift["held_out"]["of"], lift["held_out"]["count"]) == (100, 50, 5)
    assert lift["difference"] == pytest.approx(0.3)
    assert lift["interval"][0] < 0.3 < lift["interval"][1]
    assert lift["certain"] is True
    [overall] = said["overall"]
    assert [row["of"] for row in overall["by_hour"]] == ["16:00"]
    assert [row["of"] for row in overall["by_weekday"]] == ["Tuesday"]
    names = {Path(one).name for one in said["files"]}
    assert names == {"reminders-first-hour.png", "reminders-first-weekday.png", "reminders-lift.png"}
    assert all(Path(one).read_bytes().startswith(PNG) for one in said["files"])
    shown = terminal.run("report", "reminders").out
    for part in ("2021-05", "40.0%", "What reminding adds", "+30.0", "certain", "The first reminder by weekday"):
        assert part in shown, (part, shown)
    assert "u9" not in shown


async def test_why_names_the_hold_out(terminal: Terminal) -> None:
    skip = ReminderSkip(type=MailKind.FIRST, reason="holdout", at=AT)
    held = entry("2031-06", 1, reminder_skips=(skip,), held_out=("first", "second"))
    async with starter.database(stored(terminal)) as database:
        await database.ledger.queue([held])
        await database.raw.users.insert_one({"_id": "u9", "email": "u9@x.example", "name": "U", "status": "active"})
    [said] = terminal.json("why", held.id)["answers"]
    assert any("because chance has left the invitation without it" in line for line in said["sentences"]), said
