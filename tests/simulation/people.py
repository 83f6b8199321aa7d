"""What people do meanwhile: answer, opt out, complain, change their minds, join."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from relance.contracts.names import Signal
from relance.domain.invitations.events import EventKind
from relance.errors import DependencyUnavailable, NotFound
from relance.services.events import EventIntake
from relance.temporal.follow_ups import TemporalFollowUps
from tests.simulation.application import Application
from tests.simulation.checks import Checks
from tests.simulation.faulty_link import FaultyLink
from tests.simulation.memory.database import open_memory
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.temporal.client import simulated_client
from tests.simulation.temporal.history import Event, Kind
from tests.simulation.temporal.server import Workflows
from tests.simulation.workers import SkewedClock
from tests.simulation.world import Process, World
from workflows.monthly_cycle import MonthlyCycle


class Terminal(Process):
    """Where somebody tries again until he has an answer: its calls fail like any other's, but it is not killed."""

    def kill(self) -> None:
        """Lives on."""


class People:
    """Things that happen at random, rather often just when something is being sent."""

    def __init__(self, world: World, application: Application, workflows: Workflows, checks: Checks) -> None:
        self._world = world
        self._application = application
        self._workflows = workflows
        self._checks = checks
        self._told_at: list[tuple[datetime, str, EventKind]] = []
        web = Terminal("web")
        data = open_memory(world.store, FaultyLink(world, web), timing=world.timing, bounds=world.bounds)
        follow_ups = TemporalFollowUps(simulated_client(workflows, web), data.ledger)
        clock = SkewedClock(world, timedelta(0))
        self._intake = EventIntake(data.ledger, data.contacts, data.suppressions, follow_ups, clock)

    async def say_again(self, since: datetime) -> None:
        """Tell again from the web server's log what was told since a backup, if somebody thinks of it."""
        told, self._told_at = self._told_at, [one for one in self._told_at if one[0] < since]
        if self._world.dice.random() < 0.6:
            for at, invitation_id, kind in told:
                if at >= since:
                    await self._told(invitation_id, kind)

    async def live(self, until: datetime) -> None:
        """Do things until then."""
        world = self._world
        while world.now() < until and world.rates.people_per_day:
            await wait_for_a_moment(world, world.rates.people_per_day)
            doing = world.dice.choices(
                (self._report, self._prefer, self._join, self._edit_contact, self._switch_user), (60, 15, 8, 12, 5)
            )[0]
            doing()

    def _report(self) -> None:
        entries = self._world.store.table("invitations").near({})
        if entries:
            entry = self._world.dice.choice(entries[-80:])
            kinds = (
                EventKind.SUBMITTED,
                EventKind.OPENED,
                EventKind.OPTED_OUT,
                EventKind.BOUNCED,
                EventKind.COMPLAINED,
            )
            kind = self._world.dice.choices(kinds, (40, 25, 20, 5, 5))[0]
            self._world.spawn(self._told(entry["_id"], kind), name=f"event {kind}")

    async def _told(self, invitation_id: str, kind: EventKind) -> None:
        contact = invitation_id.rpartition(".")[2]
        if kind not in {EventKind.SUBMITTED, EventKind.OPENED}:
            self._touch_all_of(contact)
        wait = 5.0
        while not self._world.over:
            try:
                await self._intake.take(invitation_id, kind)
            except DependencyUnavailable:
                await asyncio.sleep(self._world.dice.uniform(0.1, wait))
                wait = min(wait * 1.2, 1800.0)
                continue
            except NotFound:
                # A database that was put back does not know it.
                return
            self._world.trace.event("web", f"confirmed {kind} of {invitation_id}")
            self._told_at.append((self._world.now(), invitation_id, kind))
            self._checks.event_acknowledged(invitation_id, kind)
            return

    def _touch_all_of(self, contact: str) -> None:
        # An opt-out holds for the address, whoever else has it.
        found = self._application.found("contacts", contact)
        for other in self._application.ids("contacts"):
            raw = self._application.found("contacts", other)
            if other == contact or (raw and found and raw["email"] == found["email"]):
                self._application.touch(other)

    def _prefer(self) -> None:
        user = self._world.dice.choice(self._application.ids("users"))
        settings = {name: self._world.dice.random() < 0.7 for name in ("enabled", "first", "second")}
        change = self._application.preferences() if self._world.dice.random() < 0.5 else {"reminderSettings": settings}
        self._application.change("users", user, change)
        if self._world.dice.random() < 0.3:
            for run in self._workflows.open():
                if run.start.cls is MonthlyCycle:
                    run.deliver(Event(Kind.SIGNAL, value=(), name=Signal.PREFERENCES_CHANGED))

    def _join(self) -> None:
        if self._world.dice.random() < 0.5:
            self._application.add_user(self._world.dice.randint(0, 4))
        else:
            user = self._world.dice.choice(self._application.ids("users"))
            self._application.add_contact(user)

    def _edit_contact(self) -> None:
        contacts = self._application.ids("contacts")
        if not contacts:
            return
        one, dice = self._world.dice.choice(contacts), self._world.dice
        if dice.random() < 0.15:
            self._application.delete_contact(one)
        elif dice.random() < 0.5:
            self._touch_all_of(one)
            self._application.change("contacts", one, {"email": f"{one}-{dice.randrange(100)}@c.example"})
        elif one not in self._checks.opt_outs.contacts:
            self._application.change("contacts", one, {"status": dice.choice(("blocked", "pending"))})

    def _switch_user(self) -> None:
        user = self._world.dice.choice(self._application.ids("users"))
        self._application.change("users", user, {"status": self._world.dice.choice(("active", "active", "closed"))})
