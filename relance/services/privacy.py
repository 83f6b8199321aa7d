"""Forgetting a person across every store (SPEC section 13).

The record comes first. It says whom it is about until the last step is done, and every step finds out from the stores
what is left of it: so an attempt after a crash does the rest, and one too many changes nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from relance.contracts.privacy import ForgetStep
from relance.domain.privacy.person import Erasure, ErasureWork, Person
from relance.ports import Clock
from relance.ports.privacy import Erasures, Forgettings, PersonData, PersonFollowUps, PersonLookup

FOLLOW_UPS = "follow-ups"
"""The store that is Temporal's."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Does the steps of one erasure; each process has one."""

    data: PersonData
    erasures: Erasures
    follow_ups: PersonFollowUps
    clock: Clock

    async def survey(self, person: Person) -> dict[str, int]:
        """Count what is kept about a person, by store."""
        found = await self.data.survey(person)
        return {**found, FOLLOW_UPS: await self.follow_ups.survey(person, await self.data.entries(person))}

    async def forget(self, erasure_id: str) -> ForgetStep:
        """Do all that can be done now; said again, it does what is missing."""
        erasure = await self.erasures.get(erasure_id)
        if erasure is None or erasure.work is None:
            return ForgetStep(found=dict(erasure.found or {}) if erasure is not None else {})
        person = erasure.person
        if erasure.found is None:
            await self.erasures.note_found(erasure_id, await self.survey(person))
        now = self.clock.now()
        under_way = await self.data.close(person, now)
        if under_way:
            return ForgetStep(under_way=under_way)
        # Before the ledger loses the names: by its entries the follow-ups are known.
        await self.follow_ups.forget(person, await self.data.entries(person), now)
        await self.data.erase(person, erasure.work.key, now)
        await self.erasures.finish(erasure_id, now)
        return ForgetStep(found=await self._found(erasure_id))

    async def look_again(self, erasure_id: str) -> ForgetStep:
        """Do it once more, for what a process wrote that had read before; then forget whom it was about."""
        step = await self.forget(erasure_id)
        if not step.under_way:
            await self.erasures.drop_work(erasure_id)
        return step

    async def _found(self, erasure_id: str) -> dict[str, int]:
        record = await self.erasures.get(erasure_id)
        return dict(record.found or {}) if record is not None else {}


@dataclass(frozen=True, slots=True)
class ForgettingRepair:
    """Starts the workflows of records that have none: whoever wrote the record died before he could."""

    erasures: Erasures
    forgettings: Forgettings
    clock: Clock

    async def repair(self) -> int:
        """Start what does not run; return how many."""
        return sum([await self.forgettings.start(each.id) for each in await self.erasures.unfinished(self.clock.now())])


def new_erasure(found: PersonLookup, *, by: str, reason: str, clock: Clock) -> Erasure:
    """Return the record of a person who is to be forgotten."""
    person = found.person
    work = ErasureWork(
        contacts=tuple(sorted(person.contacts)),
        users=tuple(sorted(person.users)),
        mailboxes=person.mailboxes,
        key=secrets.token_hex(32),
    )
    return Erasure(
        id=f"e-{secrets.token_hex(8)}",
        scope=person.scope,
        subject=found.subject,
        by=by,
        reason=reason,
        at=clock.now(),
        work=work,
    )
