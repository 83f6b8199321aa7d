"""What due steps have to know, read for all users whose steps begin at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relance.concurrency import Together
from relance.domain.cycle.planning import Plan
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.people import Contact, User
from relance.ports import Contacts, Ledger, Plans, Users

USERS_AT_ONCE = 16
"""With 20 contacts each, what is read at once holds the event loop for some milliseconds."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One user as the database has it now: the contacts that were asked for, all entries by contact."""

    user: User | None
    plan: Plan | None
    contacts: Mapping[str, Contact]
    entries: Mapping[str, Invitation]


@dataclass(frozen=True, slots=True)
class _Question:
    period: str
    user_id: str
    contact_ids: Sequence[str]


class StepReads:
    """Reads for the steps of many users at once, as claims are written; needs `Users`, `Contacts`, `Plans`, `Ledger`.

    A wave's reminders come due for thousands of users at one instant: four reads for each of them cost a process as
    much as its mails.
    """

    def __init__(self, users: Users, contacts: Contacts, plans: Plans, ledger: Ledger) -> None:
        self._users = users
        self._contacts = contacts
        self._plans = plans
        self._ledger = ledger
        self._together = Together(self._read, USERS_AT_ONCE)

    async def of_user(self, period: str, user_id: str, contact_ids: Sequence[str]) -> StepFacts:
        """Return what is known of a user and some of its contacts; read after it was asked for.

        Raises:
            DependencyUnavailable: the database.
        """
        return await self._together.ask(_Question(period, user_id, contact_ids))

    async def _read(self, questions: Sequence[_Question]) -> list[StepFacts]:
        user_ids: dict[str, dict[str, None]] = {}
        for question in questions:
            user_ids.setdefault(question.period, {})[question.user_id] = None
        users, contacts, plans, entries = await asyncio.gather(
            self._users.by_ids(list(dict.fromkeys(question.user_id for question in questions))),
            self._contacts.by_ids([contact for question in questions for contact in question.contact_ids]),
            asyncio.gather(*(self._plans.of_users(period, list(those)) for period, those in user_ids.items())),
            asyncio.gather(*(self._ledger.of_users(period, list(those)) for period, those in user_ids.items())),
        )
        plans_of, entries_of = dict(zip(user_ids, plans, strict=True)), dict(zip(user_ids, entries, strict=True))
        return [
            StepFacts(
                user=users.get(question.user_id),
                plan=plans_of[question.period].get(question.user_id),
                contacts={
                    contact_id: contacts[contact_id] for contact_id in question.contact_ids if contact_id in contacts
                },
                entries={entry.contact_id: entry for entry in entries_of[question.period].get(question.user_id, [])},
            )
            for question in questions
        ]
