"""Writes an entry with a reason for every contact of a period that got no mail (SPEC C6, C13, C14).

Plans that ended without sending are found by a missing note. If the process dies before it writes the note, the next
pass does the rest. Entries are written once, by their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from temporalio import activity

from activities.errors import translated
from relance import ids
from relance.contracts.unsent import UnsentInput, UnsentResult
from relance.domain.cycle.planning import Planner, PlanStatus
from relance.domain.cycle.send_times import Defaults
from relance.domain.invitations.bounds import beyond
from relance.domain.invitations.people import User
from relance.domain.invitations.unsent import (
    PlanEnding,
    ending_without_plan,
    is_incomplete,
    may_enter,
    noted,
    unsent_entries,
)
from relance.ports import Contacts, Controls, Ledger, Plans, Suppressions, Users
from relance.ports.unsent import UnsentUsers

PAGE = 500
PART = ids.CONTACTS_PER_FOLLOW_UP
SOME = 100
"""Users whose contacts are in memory at once."""

_OPEN = {PlanStatus.PLANNED, PlanStatus.SENDING}


@dataclass(frozen=True, slots=True)
class Unsent:
    """Records the contacts that got no mail.

    Needs `Users`, `Contacts`, `Suppressions`, `Plans`, `Ledger`, `Controls`, `UnsentUsers` and the `Defaults` of send
    times.
    """

    users: Users
    contacts: Contacts
    suppressions: Suppressions
    plans: Plans
    ledger: Ledger
    controls: Controls
    unsent: UnsentUsers
    defaults: Defaults

    @activity.defn
    async def record_unsent(self, request: UnsentInput) -> UnsentResult:
        """Enter every contact that has no entry, with its reason, once the cycle sends no more.

        First those of plans that ended without sending, whether or not their users are still there; then those of
        users without a plan, and those added after their plan was done. Goes on after a crash at the page it reached.
        """
        known = activity.info().heartbeat_details
        after, result = (known[0], UnsentResult.model_validate(known[1])) if known else (None, UnsentResult())
        with translated():
            written = await self.of_ended_plans(
                request.period, request.at, reached=lambda: activity.heartbeat(after, result.model_dump())
            )
            result = result.model_copy(update={"entries": result.entries + written})
            async for page in self.users.pages(after=after, size=PAGE):
                written = 0
                for first in range(0, len(page.items), SOME):
                    written += await self._of_users(request.period, page.items[first : first + SOME], request.at)
                    # Until the page is done the next attempt begins at its first user.
                    activity.heartbeat(after, result.model_dump())
                after = page.last_id
                result = UnsentResult(users=result.users + len(page.items), entries=result.entries + written)
                activity.heartbeat(after, result.model_dump())
        return result

    async def of_ended_plans(
        self, period: str, at: datetime, *, reached: Callable[[], None], most: int | None = None
    ) -> int:
        """Enter the contacts of plans that ended without sending, of at most `most` users; return how many entries."""
        after, users, entries = None, 0, 0
        while (most is None or users < most) and (found := await self.unsent.unnoted(period, after, SOME)):
            after = list(found)[-1]
            written = await self._enter(period, found, at)
            users, entries = users + len(found), entries + written
            reached()
        return entries

    async def _of_users(self, period: str, users: Sequence[User], at: datetime) -> int:
        user_ids = [user.id for user in users]
        endings = dict(await self.unsent.endings(period, user_ids))
        if planless := [user for user in users if user.id not in endings]:
            endings |= await self._end_planless(period, planless, at)
        entered, contacts = await self.unsent.entered(period, user_ids), await self.unsent.contacts(user_ids)
        lacking = {
            user_id: ending
            for user_id, ending in endings.items()
            if ending.status not in _OPEN and is_incomplete(ending, entered[user_id], contacts[user_id], PART)
        }
        return await self._enter(period, lacking, at) if lacking else 0

    async def _end_planless(self, period: str, users: Sequence[User], at: datetime) -> dict[str, PlanEnding]:
        """Write plans that say why there was none. After a crash they are found among the plans that ended."""
        state = (await self.controls.get(period)).state
        planner = Planner(
            period=period,
            defaults=self.defaults,
            at=at,
            max_late=timedelta(0),
            opening=False,
            send_now=False,
            not_before=None,
        )
        endings = {user.id: ending_without_plan(user, state) for user in users}
        plans = [
            planner.plan(user).model_copy(
                update={"status": endings[user.id].status, "reason": endings[user.id].reason, "late": False}
            )
            for user in users
        ]
        await self.plans.write(plans)
        return endings

    async def _enter(self, period: str, endings: Mapping[str, PlanEnding], at: datetime) -> int:
        """Write the entries that are missing, and note on the plans how many contacts have one."""
        user_ids = list(endings)
        users = await self.users.by_ids(user_ids)
        contacts = await self.contacts.of_users(user_ids)
        suppressed = await self.suppressions.suppressed(
            [contact.email for found in contacts.values() for contact in found if contact.email]
        )
        entered = await self.unsent.entered(period, user_ids)
        allowed = {
            user_id: may_enter(ending, entered[user_id], {contact.id for contact in contacts.get(user_id, [])}, PART)
            for user_id, ending in endings.items()
        }
        wanted = [
            entry
            for user_id, ending in endings.items()
            for entry in unsent_entries(
                period,
                user_id,
                ending,
                user=users.get(user_id),
                contacts=contacts.get(user_id, []),
                suppressed=suppressed,
                at=at,
                key=partial(ids.invitation_id, period, user_id),
            )
            if entry.contact_id in allowed[user_id]
        ]
        written = await self.ledger.queue(wanted)
        entries = await self.ledger.of_users(period, user_ids)
        await self.plans.expect(
            period,
            {
                user_id: count
                for user_id in user_ids
                if (count := noted(endings[user_id], entries[user_id])) is not None
            },
            beyond(await self.contacts.sizes(user_ids), self.contacts.per_user),
        )
        return written
