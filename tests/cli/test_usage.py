"""Wrong usage: exit code 2 and one sentence that names the field and the remedy, before anything is opened."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

from relance import __version__
from relance.adapters.clock import SystemClock
from relance.cli import app
from relance.cli.base.resources import Services
from relance.errors import SettingsError
from relance.settings import Settings
from tests.support.keys import PRIVACY


async def _nothing(*_: object) -> bool:
    raise AssertionError("a wrong command line must not open anything")


def _refuse(*_: object) -> object:
    raise AssertionError("a wrong command line must not open anything")


def services() -> Services:
    return Services(
        settings=lambda: Settings(privacy=PRIVACY),
        clock=SystemClock(),
        database=_refuse,  # type: ignore[arg-type]
        temporal=_nothing,  # type: ignore[arg-type]
        reports=_refuse,  # type: ignore[arg-type]
        check_relay=_nothing,  # type: ignore[arg-type]
        relay_log=_refuse,  # type: ignore[arg-type]
        message_ids=_refuse,  # type: ignore[arg-type]
        check_gateway=_refuse,  # type: ignore[arg-type]
        check_links=_nothing,  # type: ignore[arg-type]
        greet_intake=_nothing,  # type: ignore[arg-type]
        dns=_refuse,  # type: ignore[arg-type]
        relay_tls=_nothing,  # type: ignore[arg-type]
        trial_mail=_nothing,  # type: ignore[arg-type]
        call_deadman=_nothing,
        channels=_refuse,  # type: ignore[arg-type]
        health=_refuse,  # type: ignore[arg-type]
        load_samples=_nothing,
        mail_intake=_refuse,  # type: ignore[arg-type]
        mail_previews=_refuse,  # type: ignore[arg-type]
        send_trial=_nothing,  # type: ignore[arg-type]
        worker=(),
    )


WRONG = {
    "mail preview invitaton": ("TEMPLATE", "invitation, first"),
    "mail preview all --contact c1 --sample": ("--sample", "leave one of them out"),
    "mail test --to me@example.org --template x": ("TEMPLATE", "invitation, first"),
    "doctor --selector s1": ("--mail", "add --mail"),
    "doctor --mail --message /nowhere.eml": ("--message", "received mail"),
    "doctor --mail --sent-from 10.0.0.1": ("--sent-from", "the address that receivers see"),
    "doctor --mail --sent-from mail.example": ("--sent-from", "the address that receivers see"),
    "cycle status 2026-13": ("PERIOD", "YYYY-MM"),
    "cycle status 9999-12": ("PERIOD", "YYYY-MM"),
    "cycle report ２０２６-11": ("PERIOD", "YYYY-MM"),
    "cycle report '2026-11\n'": ("PERIOD", "YYYY-MM"),
    "cycle entries 2026-00": ("PERIOD", "YYYY-MM"),
    "cycle entries 2026-11 --limit 10001": ("--limit", "--help"),
    "cycle list --limit 0": ("--limit", "--help"),
    "cycle rollback 2026-11": ("--reason", "cannot be undone"),
    "cycle rollback 2026-11 --yes": ("--reason", "cannot be undone"),
    "cycle cancel 2026-11 --yes": ("--reason", "cannot be undone"),
    "cycle cancel 0001-01 --yes": ("PERIOD", "YYYY-MM"),
    "cycle uncertain 9999-12": ("PERIOD", "YYYY-MM"),
    "report reminders --period 9999-12": ("--period", "YYYY-MM"),
    "report jobs --job lunch": ("--job", "cleanup"),
    "start cycle --period 9999-12": ("--period", "YYYY-MM"),
    "start cycle --period 9999-12 --dry-run": ("--period", "YYYY-MM"),
    "start cycle --period 0000-01": ("--period", "YYYY-MM"),
    "start cycle --date 0001-01-01": ("--date", "too far back"),
    "start cycle --date 9999-12-31": ("--date", "future"),
    "signal '2026-11.u1.c1\n' submitted": ("INVITATION_ID", "PERIOD.USER.CONTACT"),
    "why ２０２６-11.u1.c1": ("INVITATION_ID", "PERIOD.USER.CONTACT"),
    "restored --since 0001-01-01": ("--since", "too far back"),
    "restored --since 9999-12-31T23:59-14:00": ("--since", "future"),
    "schedules backfill default-lp": ("SCHEDULE", "monthly-cycle"),
    "schedules backfill health --from 2999-01-01 --to 2999-01-02": ("--from", "future"),
    "schedules backfill health --from 2026-10-25 --to 9999-12-31": ("--to", "future"),
    "schedules backfill health --from 2026-10-25 --to 2026-10-26 --stop": ("--stop", "leave them out"),
    "schedules backfill health --from 2026-10-25 --to 2026-10-26 --dry-run --wait": ("--wait", "leave"),
    "schedules backfill health --dry-run": ("--from", "missing"),
    "alerts silence default-lp --for 99999w99999w --reason known": ("--for", "too long"),
    "alerts silence default-lp --until 9999-12-31 --reason known": ("--until", "future"),
    "cycle status november": ("PERIOD", "YYYY-MM"),
    "cycle report 2026-1": ("PERIOD", "YYYY-MM"),
    "cycle report": ("PERIOD", "cycle report --help"),
    "start cycle --period 26-11": ("--period", "YYYY-MM"),
    "start cycle --date 2026-02-30": ("--date", "YYYY-MM-DD"),
    "start cycle --date 2026-11-05 --period 2026-11": ("--date", "leave one"),
    "start cycle --dry-run --wait": ("--wait", "leave"),
    "start bicycle": ("bicycle", "--help"),
    "signal 2026-11.u1 submitted": ("INVITATION_ID", "PERIOD.USER.CONTACT"),
    "signal 2026-11.u1.c1 exploded": ("exploded", "opted-out"),
    "signal 2026-11.u1.c1": ("event", "--help"),
    "quarantine retry": ("ID", "name one"),
    "quarantine retry users": ("ID", "name one"),
    "quarantine retry users u1 --all": ("ID", "name one"),
    "quarantine retry --all --collection users": ("ID", "name one"),
    "quarantine show users": ("ID", "--help"),
    "quarantine list --limit 0": ("--limit", "--help"),
    "why": ("INVITATION_ID", "name one"),
    "why 2026-11.u1.c1 --user u1": ("INVITATION_ID", "name one"),
    "why nonsense": ("INVITATION_ID", "PERIOD.USER.CONTACT"),
    "schedules pause monthly-cycle": ("--reason", "--help"),
    "schedules pause monthly-cycle --reason ' '": ("--reason", "say in a few words"),
    "schedules pause yearly --reason x": ("SCHEDULE", "monthly-cycle"),
    "schedules trigger weekly": ("SCHEDULE", "monthly-cycle"),
    "schedules backfill monthly-cycle --from 2026-10-25": ("--to", "--help"),
    "schedules backfill monthly-cycle --from 2026-10-26 --to 2026-10-25": ("--to", "swap"),
    "schedules backfill monthly-cycle --from x --to 2026-10-25": ("--from", "2026-11-25"),
    "schedules preview --zone Mars/Olympus": ("--zone", "Europe/Paris"),
    "schedules preview --time 25:00": ("--time", "HH:MM"),
    "schedules preview --day 32": ("--day", "--help"),
    "schedules preview --months 0": ("--months", "--help"),
    "schedules preview --user u1 --day 3": ("--user", "leave one"),
    "start default-lp --date yesterday": ("--date", "YYYY-MM-DD"),
    "start default-lp --date 2999-01-01": ("--date", "future"),
    "start paused-partner --date 0001-01-02": ("--date", "too far back"),
    "start paused-partner --dry-run --wait": ("--wait", "leave"),
    "start default-lp": ("RELANCE_EVERFLOW__API_KEY", "set"),
    "start default-lp --dry-run": ("RELANCE_EVERFLOW__API_KEY", "set"),
    "backtest default-lp --from 2025-10-01": ("--to", "--help"),
    "backtest default-lp --from 2025-10-32 --to 2025-11-01": ("--from", "YYYY-MM-DD"),
    "backtest default-lp --from 2025-10-02 --to 2025-10-01": ("--to", "swap"),
    "backtest default-lp --from 2025-10-02 --to 2999-10-01": ("--to", "future"),
    "backtest default-lp --from 2024-01-01 --to 2025-10-01": ("--to", "at most 400"),
    "backtest default-lp --from 2025-10-01 --to 2025-10-02 --clicks -1": ("--clicks", "greater than or equal to 0"),
    "backtest default-lp --from 2025-10-01 --to 2025-10-02 --clicks many": ("--clicks", "integer"),
    "backtest default-lp --from 2025-10-01 --to 2025-10-02 --drop 5": ("--drop", "--help"),
    "backtest default-lp --from 2025-10-01 --to 2025-10-02": ("RELANCE_EVERFLOW__API_KEY", "set"),
    "backtest paused-partner --from 2025-10-01 --to 2025-10-02 --drop -5": ("--drop", "greater than or equal to 0"),
    "backtest paused-partner --from 2025-10-01 --to 2025-10-02 --drop 100": ("--drop", "less than 100"),
    "backtest paused-partner --from 2025-10-01 --to 2025-10-02 --drop nan": ("--drop", "finite"),
    "backtest paused-partner --from 2025-10-01 --to 2025-10-02 --revenue 0": ("--revenue", "greater than 0"),
    "backtest paused-partner --from 2025-09-30 --to 2025-09-30": ("--from", "--every-day"),
    "alerts list --days 3": ("--days", "--all"),
    "alerts list --severity loud": ("loud", "critical"),
    "alerts show": ("KEY", "alerts show --help"),
    "alerts ack default-lp --by ' '": ("--by", "who you are"),
    "alerts silence --for 4h --reason known": ("KEY", "everything"),
    "alerts silence default-lp --rule x --for 4h --reason known": ("KEY", "leave --rule"),
    "alerts silence default-lp --reason known": ("--for", "--for 4h"),
    "alerts silence default-lp --for soon --reason known": ("--for", "30m"),
    "alerts silence default-lp --for 91d --reason known": ("--for", "90 days"),
    "alerts silence default-lp --until 2020-01-01 --reason known": ("--until", "to come"),
    "alerts silence default-lp --for 4h --reason ' '": ("--reason", "3 to 500"),
    "alerts silence default-lp --for 4h": ("--reason", "--help"),
    "alerts enable fax": ("fax", "choose one of: inbox"),
    "alerts channels slack": ("CHANNEL", "--test"),
    "alerts channels --test fax": ("fax", "choose one of: inbox"),
    "alerts routes --severity high": ("--severity", "--explain"),
    "alerts routes --explain mongodb-unhealty": ("--explain", "mongodb-unhealthy"),
    "alerts unsilence": ("KEY", "--all"),
    "alerts unsilence default-lp --all": ("KEY", "exactly one"),
    "alerts enable slack": ("CHANNEL", "inbox"),
    "report jobs --days 0": ("--days", "--help"),
    "doctor --verbose": ("--verbose", "--help"),
    "demo --users none": ("--users", "--help"),
    "dance": ("dance", "--help"),
}


@pytest.mark.parametrize(("line", "expected"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_command_line_is_explained_in_one_sentence(
    line: str, expected: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = app.run(services(), [*shlex.split(line), "--json"])
    shown = capsys.readouterr()
    said = json.loads(shown.out.splitlines()[-1])
    assert code == 2
    assert said["code"] == 2
    for part in expected:
        assert part in said["error"]
    assert len(shown.err.strip().splitlines()) == 1
    assert "Traceback" not in shown.err


LONG = "x" * 5000


@pytest.mark.parametrize(
    "line",
    [
        LONG,
        f"cycle {LONG}",
        f"cycle status {LONG}",
        f"cycle status 'a  b{LONG}'",
        f"start cycle --period={LONG}",
        f"start cycle --date {LONG}",
        f"schedules pause {LONG} --reason x",
        f"schedules preview --months {LONG}",
        f"schedules preview --zone {LONG}",
        f"backtest default-lp --from 2025-10-01 --to 2025-10-02 --clicks {LONG}",
        f"alerts enable {LONG}",
        f"alerts silence default-lp --for {LONG} --reason known",
        f"report jobs --job {LONG}",
        f"why {LONG}",
    ],
)
def test_what_is_typed_is_said_back_in_part(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = app.run(services(), [*shlex.split(line), "--json"])
    shown = capsys.readouterr()
    assert code == 2
    assert len(shown.err) < 600
    assert len(json.loads(shown.out)["error"]) < 600


def test_a_wrong_setting_is_wrong_usage_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    def settings() -> Settings:
        raise SettingsError("RELANCE_BATCHES__USERS: Input should be greater than or equal to 1")

    assert app.run(replace(services(), settings=settings), ["doctor"]) == 2
    assert "RELANCE_BATCHES__USERS" in capsys.readouterr().err


def test_a_traceback_appears_only_with_debug(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(services(), ["cycle", "report", "2026-11"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert app.run(services(), ["cycle", "report", "2026-11", "--debug"]) == 1
    assert "AssertionError" in capsys.readouterr().err


COMMANDS = [
    "bootstrap",
    "dev",
    "demo",
    "start cycle",
    "start default-lp",
    "start paused-partner",
    "signal",
    "cycle status",
    "cycle report",
    "cycle list",
    "cycle entries",
    "cycle uncertain",
    "cycle pause",
    "cycle resume",
    "cycle cancel",
    "cycle rollback",
    "why",
    "restored",
    "keys drop",
    "schedules list",
    "schedules apply",
    "schedules pause",
    "schedules resume",
    "schedules trigger",
    "schedules backfill",
    "schedules preview",
    "alerts list",
    "alerts show",
    "alerts ack",
    "alerts silence",
    "alerts channels",
    "alerts enable",
    "report jobs",
    "report noise",
    "backtest default-lp",
    "backtest paused-partner",
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(services(), [*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"starter.py {command}" in shown.partition("Examples:")[2]
    assert "--json" in shown
    assert "--debug" in shown


@pytest.mark.parametrize("argument", ["Zo\udce9", "half \ud83d of a pair"])
def test_an_argument_that_is_no_text_is_refused_in_one_sentence(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(services(), ["schedules", "pause", "monthly-cycle", "--reason", argument]) == 2
    assert "an argument is not text in UTF-8" in capsys.readouterr().err


def test_a_preview_without_a_user_needs_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    line = "schedules preview --day 31 --time 02:30 --zone Europe/Paris --months 14 --json"
    assert app.run(services(), line.split()) == 0
    sends = json.loads(capsys.readouterr().out)["sends"]
    assert len(sends) == 14
    clamped = next(send for send in sends if send["period"].endswith("-02"))
    assert clamped["notes"] == ["A day past the month's end means its last day."]
    assert all(send["notes"] == [] for send in sends if send["period"].endswith("-01"))


@pytest.mark.parametrize("name", app.COMMANDS)
def test_a_run_imports_the_module_of_its_own_command(name: str) -> None:
    assert [one.name for one in app.build(name).registered_commands + app.build(name).registered_groups] == [name]


def test_nothing_at_all_shows_the_help_and_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(services(), []) == 2
    said = capsys.readouterr()
    assert "watchdog" in said.out
    assert "a command is missing" in said.err


def test_the_version_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(services(), ["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"
