"""A cycle that is open: what a start and its dry run say of it, how it is sent now, and its invitations one by one."""

from __future__ import annotations

import asyncio

import pytest

from relance.devstack.mailbox.client import Mailbox
from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

PERIOD = "2042-03"
SENT, SKIPPED = 6, 2


@pytest.fixture(scope="module")
def open_cycle(terminal: Terminal, worker: WorkerProcess) -> str:
    """A period whose cycle waits for send times years ahead."""
    assert worker.server.running
    assert terminal.json("start", "cycle", "--period", PERIOD, "--yes")["state"] == "started"
    return PERIOD


async def until_planned(terminal: Terminal) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await asyncio.to_thread(terminal.json, "cycle", "status", PERIOD))["plans_open"] < 4:
            await asyncio.sleep(0.2)


async def test_a_start_and_its_dry_run_speak_of_the_same_cycle(terminal: Terminal, open_cycle: str) -> None:
    await until_planned(terminal)
    planned = terminal.json("start", "cycle", "--period", open_cycle, "--dry-run")
    assert (planned["open_already"], planned["would_send"]) == (True, SENT)
    assert {wave["at"][:7] for wave in planned["waves"]} <= {"2042-02", PERIOD}
    assert "is open already" in planned["message"]
    assert f"start cycle --period {PERIOD} --now --yes" in planned["message"]
    left = terminal.json("start", "cycle", "--period", open_cycle)
    assert (left["state"], "at the user's own time" in left["message"]) == ("running", True)


async def test_an_open_cycle_is_sent_now_once_a_person_agrees(
    terminal: Terminal, open_cycle: str, mailbox: Mailbox
) -> None:
    await until_planned(terminal)
    now = terminal.json("start", "cycle", "--period", open_cycle, "--now", "--dry-run")
    assert (now["would_send"], len(now["waves"])) == (SENT, 1)
    refused = terminal.run("start", "cycle", "--period", open_cycle, "--now", "--json")
    assert (refused.code, refused.data["field"]) == (2, "--yes")
    assert "4 users would be written to now" in refused.data["error"]
    assert (await mailbox.stats()).total == 0
    terminal.json("cycle", "pause", open_cycle, "--reason", "the relay moves house", "--by", "ann")
    told = terminal.json("start", "cycle", "--period", open_cycle, "--now", "--yes")
    assert told["state"] == "sends_now"
    assert "4 users of it are due now. It is paused, by ann" in told["message"]
    assert (await mailbox.stats()).total == 0
    terminal.json("cycle", "resume", open_cycle)
    # It ends with the last mail, though the cycle stays open for years.
    waited = terminal.json("start", "cycle", "--period", open_cycle, "--now", "--yes", "--wait")
    assert (waited["sent"], waited["open"], waited["plans_open"], waited["balance"]) == (SENT, 0, 0, 0)
    again = terminal.json("start", "cycle", "--period", open_cycle, "--now", "--yes")
    assert (again["state"], "changes nothing" in again["message"]) == ("running", True)
    assert len({mail.message_id for mail in await mailbox.log()}) == (await mailbox.stats()).total == SENT
    assert terminal.json("start", "cycle", "--period", open_cycle, "--now", "--dry-run")["would_send"] == 0
    status = terminal.json("cycle", "status", open_cycle)
    assert (status["sent"], status["workflow"]) == (SENT, "running")


def test_its_invitations_are_listed_by_what_became_of_them(terminal: Terminal, open_cycle: str) -> None:
    skipped = terminal.json("cycle", "entries", open_cycle, "--status", "skipped")
    assert (skipped["total"], {one["reason"] for one in skipped["entries"]}) == (
        SKIPPED,
        {"contact_opted_out", "contact_bounced"},
    )
    assert all(one["because"] for one in skipped["entries"])
    [one] = terminal.json("cycle", "entries", open_cycle, "--reason", "contact opted out")["entries"]
    assert one["invitation_id"] == f"{open_cycle}.u0001.c0001-02"
    assert terminal.json("cycle", "entries", open_cycle, "--status", "open")["entries"] == []
    assert "No invitation" in terminal.run("cycle", "entries", open_cycle, "--status", "failed").out
    both = terminal.json("cycle", "entries", open_cycle, "--status", "sent", "--status", "skipped")
    assert both["total"] == SENT + SKIPPED
    shown = terminal.run("cycle", "entries", open_cycle, "--status", "sent")
    assert (shown.code, "@" in shown.out) == (0, False)


def test_a_long_list_goes_on_page_by_page(terminal: Terminal, open_cycle: str) -> None:
    seen: list[str] = []
    more: str | None = ""
    while more is not None:
        page = terminal.json("cycle", "entries", open_cycle, "--limit", "3", *(["--after", more] if more else []))
        assert page["total"] == SENT + SKIPPED
        seen += [one["invitation_id"] for one in page["entries"]]
        more = page["next"]
    assert len(seen) == len(set(seen)) == SENT + SKIPPED
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--status lost", "lost"),
        ("--limit 0", "--limit"),
        ("--after 2042-04.u0001.c0001-01", "--after"),
        ("--reason ' '", "--reason"),
    ],
)
def test_what_cannot_be_listed_is_wrong_usage(terminal: Terminal, open_cycle: str, line: str, said: str) -> None:
    ended = terminal.run("cycle", "entries", open_cycle, *line.replace("' '", "\N{NO-BREAK SPACE}").split(" "))
    assert (ended.code, said in ended.err) == (2, True)


def test_the_periods_are_listed(terminal: Terminal, open_cycle: str) -> None:
    found = terminal.json("cycle", "list")
    [line] = [one for one in found["cycles"] if one["period"] == open_cycle]
    assert (line["state"], line["sent"], line["skipped"]) == ("open", SENT, SKIPPED)
    assert open_cycle in terminal.run("cycle", "list").out
    ended = terminal.run("cycle", "entries", "2019-01")
    assert (ended.code, "cycle list" in ended.err) == (2, True)
