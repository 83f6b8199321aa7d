"""The steps of a day, in their order; each compares what was said with what is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from relance.devstack.mailbox.rules import Delay
from tests.operators_day.day import Day, Keeper, last_json, number
from tests.operators_day.facts import Facts

SHOWN = re.compile(r"(\d+)/(\d+|\?)")
PERIOD = "2027-03"
SLOWLY_S = 3.0
NOT_DONE, USAGE, REFUSED = 1, 2, 3

Step = Callable[[Day, Facts], Awaitable[None]]


def exports(file: Path) -> dict[str, str]:
    """Return the variables of the file that `dev --env-file` wrote."""
    found = re.findall(r"^export (\w+)='(.*)'$", file.read_text(), re.MULTILINE)
    return dict(found)


def contains(words: str, text: str) -> bool:
    """Tell whether a text holds these words."""
    return words in text


async def morning(day: Day, facts: Facts) -> None:
    """Is everything there? What comes when?"""
    doctor = await day.run("doctor", columns=160)
    day.state("doctor", "unreachable" not in doctor.text and "wrong" not in doctor.text, doctor.text[-500:])
    day.state("doctor", doctor.text.count("1 worker process within") == 3, "not one worker at each of three queues")
    watchdog = await day.run("watchdog", columns=160)
    day.state("watchdog", "stopped" not in watchdog.text, watchdog.text[-500:])
    said = last_json(await day.run("schedules", "list", "--json", columns=200))
    day.state("schedules list", {one["id"] for one in said["schedules"]} == await facts.schedules(), "other Schedules")
    await day.run("keys", "status", columns=160)
    await day.run("alerts", "channels")
    await day.run("report", "jobs")


async def rehearsal(day: Day, facts: Facts) -> None:
    """A dry run sends and writes nothing."""
    before = await facts.kept()
    await day.run("start", "cycle", "--period", PERIOD, "--now", "--dry-run")
    after = await facts.kept()
    for name in ("mails", "invitations", "plans"):
        day.state("start cycle --dry-run", before[name] == after[name], f"{name}: {before[name]} -> {after[name]}")


async def cycle(day: Day, facts: Facts) -> None:
    """A cycle is watched from its start to its end: paused, with its worker and Temporal killed on the way."""
    await facts.mailbox.clear_rules()
    rule = await facts.mailbox.add_rule(Delay(stage="data", seconds=SLOWLY_S))
    day.say(f"-- the mailbox is slow (rule {rule})")
    # A month so far ahead is asked about.
    await day.asked("start", "cycle", "--period", PERIOD, "--now", answer="n", code=NOT_DONE)
    day.state("start cycle", await facts.statuses(PERIOD) == {}, "begins although the answer was no")
    await day.asked("start", "cycle", "--period", PERIOD, "--now", answer="y")
    watching = day.session("cycle", "status", PERIOD, "--watch", columns=100)
    await asyncio.to_thread(watching.until, lambda text: "sent" in text, 60)
    await day.run("cycle", "pause", PERIOD, "--reason", "lunch")
    day.state("cycle pause", await facts.control(PERIOD) == "paused", "the database does not say so")
    paused = await asyncio.to_thread(watching.until, lambda text: "paused by" in text, 20)
    day.state("--watch", paused, f"does not say that the cycle is paused: {watching.lines[-1:]}")
    mails = await facts.arrived(PERIOD)
    await asyncio.sleep(2)
    day.state("cycle pause", await facts.arrived(PERIOD) == mails, "mails went out after it had taken effect")
    last = watching.lines[-1]
    day.state("--watch", " left" not in last, f"promises an end while paused: {last}")
    totals = _totals(watching.lines[-1])
    for part in ("worker", "Temporal"):
        day.kill(part)
        assert day.dev is not None
        again = {"worker": "the worker was", "Temporal": "Temporal was"}[part]
        back = await asyncio.to_thread(day.dev.until, partial(contains, again), 60)
        day.state("dev", back, f"says nothing of the {part} that was killed")
    await facts.mailbox.clear_rules()
    await day.run("cycle", "resume", PERIOD)
    day.state("cycle resume", await facts.control(PERIOD) == "running", "the database does not say so")
    totals |= _totals(watching.lines[-1])
    await asyncio.to_thread(watching.wait, 120)
    totals |= set().union(*(_totals(line) for line in watching.lines))
    shown = day.take(f"starter.py cycle status {PERIOD} --watch", watching)
    day.state("--watch", shown.code == 0, f"ended with {shown.code}: {shown.text[-400:]}")
    await _compare(day, facts, totals)


def _totals(line: str) -> set[int]:
    return {int(total) for _, total in SHOWN.findall(line) if total != "?"}


async def _compare(day: Day, facts: Facts, totals: set[int]) -> None:
    truth = await facts.statuses(PERIOD)
    sent = sum(truth.get(status, 0) for status in ("sent", "opened", "submitted", "bounced", "expired"))
    shown = await day.run("cycle", "status", PERIOD)
    day.state(shown.name, number(shown, "sent") == sent, f"sent {number(shown, 'sent')} of true {sent}")
    said = last_json(await day.run("cycle", "report", PERIOD, "--json"))
    day.state("cycle report", (said["sent"], said["balance"]) == (sent, 0), f"sent {said['sent']} of true {sent}")
    true = sum(truth.values())
    # What cannot be read is counted until somebody has tried.
    day.state("--watch", totals <= {true, true + await facts.unreadable_contacts()}, f"totals {totals} of true {true}")
    # At least once: what a killed worker had handed over may arrive again, under the same Message-ID.
    arrived = await facts.arrived(PERIOD)
    day.state("cycle status", arrived == sent, f"{sent} sent, {arrived} in the mailbox")


async def explanation(day: Day, facts: Facts) -> None:
    """Why did this contact get it, and that one not?"""
    for status in ("sent", "skipped"):
        entry = await facts.database.raw.invitations.find_one({"period": PERIOD, "status": status})
        if entry is not None:
            shown = await day.run("why", entry["_id"], columns=160)
            words = "was sent on" if status == "sent" else "was not sent"
            day.state(shown.name, words in " ".join(shown.text.split()), f"does not say that it {words}")


async def slips(day: Day, facts: Facts) -> None:
    """What cannot be undone is asked about: a slip takes nothing back."""
    before = await facts.statuses(PERIOD)
    await day.asked("cycle", "rollback", PERIOD, "--reason", "a slip", answer="", code=NOT_DONE)
    for slip in (("--reason", "a slip", "--json"), ("--yes",)):
        await day.run("cycle", "rollback", PERIOD, *slip, code=USAGE)
    day.state("cycle rollback", await facts.statuses(PERIOD) == before, "took something back unasked")


async def partner_desk(day: Day, facts: Facts) -> None:
    """A check by hand, its alert, and what is decided about it."""
    await day.run("start", "default-lp", "--wait", limit_s=120)
    shown = await day.run("alerts", "list", "--json", columns=200)
    told = {one["key"]: one["state"] for one in last_json(shown)["alerts"]}
    truth = await facts.alert_states()
    day.state("alerts list", told == {key: truth.get(key) for key in told} and told, f"{told} of {truth}")
    await day.run("alerts", "show", "default-lp")
    await day.run("alerts", "ack", "default-lp", "--by", "ann")
    states = {state for key, state in (await facts.alert_states()).items() if key.startswith("default-lp")}
    day.state("alerts ack", states == {"acknowledged"}, f"the database says {states}")


async def without_database(day: Day, facts: Facts) -> None:
    """MongoDB does not answer: who is away is named, whoever waits is told, and nothing hangs."""
    held = day.stop("MongoDB")
    try:
        for name in ("watchdog", "doctor"):
            shown = await day.run(name, code=REFUSED, columns=160)
            day.state(name, re.search(r"│ MongoDB +│ unreachable", shown.text), "does not name MongoDB")
            day.state(name, not re.search(r"│ Temporal +│ unreachable", shown.text), "says that Temporal is away")
        shown = await day.run("start", "paused-partner", "--wait", "--timeout", "8", code=REFUSED)
        day.state(shown.name, "waiting for the check paused-partner" in shown.text, "does not say what it waits for")
        day.state(shown.name, "goes on without this" in shown.text, "does not say what goes on")
        await day.run("alerts", "list", code=REFUSED)
    finally:
        held.resume()


async def afternoon(day: Day, facts: Facts) -> None:
    """Parts die, and are back; the Schedules are paused and resumed."""
    assert day.dev is not None
    for part, words in (("mailbox", "the mailbox was"), ("MongoDB", "MongoDB was")):
        day.kill(part)
        back = await asyncio.to_thread(day.dev.until, partial(contains, words), 60)
        day.state("dev", back, f"says nothing of the {part} that was killed")
    shown = await day.run("doctor", columns=160)
    day.state("doctor", "unreachable" not in shown.text, shown.text[-500:])
    await day.run("schedules", "pause", "cleanup", "--reason", "stocktaking")
    shown = await day.run("schedules", "list", columns=160)
    day.state(shown.name, "stocktaking" in shown.text, "does not say why one is paused")
    await day.run("schedules", "resume", "cleanup")
    await day.run("report", "jobs")
    await day.run("report", "noise")


STEPS: tuple[Step, ...] = (morning, rehearsal, cycle, explanation, slips, partner_desk, without_database, afternoon)


async def live(day: Day, facts: Facts) -> None:
    """Take every step, and look after each whether anything went away."""
    keeper = Keeper(facts, day.figures)
    await keeper.look("the start")
    for step in STEPS:
        day.say(f"== {step.__name__}: {(step.__doc__ or '').strip()}")
        try:
            await step(day, facts)
        except Exception as error:  # noqa: BLE001 - the day goes on; what broke it is a finding
            day.figures.wrong_statements.append(f"{step.__name__}: broke off with {type(error).__name__}: {error}")
        await keeper.look(step.__name__)
