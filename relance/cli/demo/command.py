"""`demo`: both main jobs from start to end on the embedded stack, a month and its reminders in seconds."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Annotated
from uuid import uuid4

import typer

from relance.cli.base.command import Run, command
from relance.cli.base.output import Answer
from relance.cli.console.commands import new_link
from relance.cli.demo.answers import Answers
from relance.cli.demo.desk import DeskStory
from relance.cli.demo.month import Story
from relance.cli.demo.report import Account
from relance.cli.demo.virtual_time import FastMotion, VirtualTime
from relance.cli.dev.embedded import embedded, load_people
from relance.cli.dev.exports import shown
from relance.devstack.stack import Ports
from relance.domain.cycle.send_times import current_period, next_period
from relance.runtime.shutdown import stop_requested
from relance.temporal.namespace import raise_retention

EXAMPLES = """
starter.py demo
starter.py demo --users 20 --contacts 5 --json
KEEP=1 starter.py demo
"""


async def demo(
    run: Run,
    *,
    users: Annotated[int, typer.Option("--users", min=1, max=2000, help="Sample users.")] = 40,
    contacts: Annotated[int, typer.Option("--contacts", min=1, max=100, help="Sample contacts per user.")] = 5,
) -> Answer:
    """Run next month's cycle and both Everflow checks on the embedded stack, start to end, then the report.

    Invitations, answers, both reminders, expiry; alerts that fire, are told in a chat and resolve the next morning.
    Nothing leaves this machine. With KEEP=1 in the environment the stack stays until Ctrl-C to look around.
    """
    began = time.monotonic()
    run.out.note("Starting Temporal, MongoDB, the mailbox, Everflow, the chat and a worker ...")
    async with embedded(run, folder=None, ports=Ports(), database=f"relance_demo_{uuid4().hex[:8]}") as place:
        await load_people(run, place, users, contacts)
        await raise_retention(place.client, place.settings.temporal.retention)
        async with run.services.database(place.settings) as database:
            await database.ensure_indexes()
            period = next_period(current_period(run.services.clock.now(), place.settings.scheduling.default_zone))
            story = Story(
                run=run,
                place=place,
                database=database,
                period=period,
                motion=FastMotion(place.client, database.ledger, period),
                answers=Answers(place, database),
            )
            # The one mostly waits for the other's worker: together they take no longer than the month alone.
            run.out.note("While a month passes, the partner desk runs both checks, and again the next morning.")
            with run.out.pulse.about("the partner desk's night and next morning to pass"):
                _, desk = await asyncio.gather(
                    story.play(), DeskStory(run, place, database, VirtualTime(place.client)).play()
                )
            month = await story.account()
        answer = Account(month, desk, time.monotonic() - began, place.stack.describe()).answer()
        if run.out.as_json:
            for problem in desk.problems:
                run.out.note(problem)
        if os.environ.get("KEEP") == "1":
            run.out.answer(answer)
            run.out.note(f"For other terminals:\n{shown(place.environment(), place.stack.environment())}")
            link = await new_link(Run(run.services, run.out))
            run.out.note(f"The console, signed in once within ten minutes: {link}")
            run.out.note(
                f"Try `starter.py why --user u0001`, `starter.py cycle report {period}` or "
                "`starter.py alerts list --all`. Ctrl-C ends it all."
            )
            with run.out.pulse.resting():
                await stop_requested().wait()
            answer = Answer(answer.data, "Stopped.", answer.code)
    return answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo", EXAMPLES)(demo)
