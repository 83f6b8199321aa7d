"""Explains all of a user or of a contact, and what comes next, for `why` and the chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relance import ids
from relance.domain.cycle.planning import Plan
from relance.domain.cycle.send_times import Defaults, current_period, next_period, send_time
from relance.domain.invitations.people import User
from relance.domain.sentences import Sentence
from relance.errors import NotFound
from relance.services.explaining import Explaining
from relance.wording.explain import explain_plan
from relance.wording.moments import moment

PERIODS = 6
"""Newest periods that are explained."""


@dataclass(frozen=True, slots=True)
class PeopleExplaining:
    """Explains by the ids of people; `defaults` count for users without preferences, and its zone says which month it
    is."""

    explaining: Explaining
    defaults: Defaults

    async def contact(self, contact_id: str, field: str = "--contact") -> list[tuple[str, list[str]]]:
        """Return the sentences about each invitation of a contact, by its id; the one to come is the first.

        Raises:
            NotFound: there is no such contact, or it cannot be read; names `field`.
        """
        contact = (await self.explaining.stores.contacts.by_ids([contact_id])).get(contact_id)
        entries = (await self.explaining.stores.ledger.of_contact(contact_id))[:PERIODS]
        keys = [ids.parse_invitation_id(entry.id) for entry in entries]
        if contact is not None:
            coming = self._coming({key.period for key in keys})
            keys = [ids.InvitationKey(coming, contact.user_id, contact_id)] * bool(coming) + keys
        if not keys:
            await self.explaining.refuse_unreadable("contacts", contact_id)
            raise NotFound(f"{field}: there is no contact {contact_id!r} in the database; check the id")
        return [(ids.invitation_id(*key), (await self.explaining.invitation(key)).sentences) for key in keys]

    async def user(self, user_id: str, field: str = "--user") -> list[tuple[str, list[str]]]:
        """Return the sentences about a user, and about each plan by its id.

        Raises:
            NotFound: there is no such user, or it cannot be read; names `field`.
        """
        user = (await self.explaining.stores.users.by_ids([user_id])).get(user_id)
        plans = (await self.explaining.stores.plans.of_user(user_id))[:PERIODS]
        if user is None and not plans:
            await self.explaining.refuse_unreadable("users", user_id)
            raise NotFound(f"{field}: there is no user {user_id!r} in the database; check the id")
        now = self.explaining.clock.now()
        found = [(plan.id, explain_plan(plan, now)) for plan in plans]
        if user is not None:
            found.insert(0, (user_id, self._outlook(user, plans)))
        return found

    def _coming(self, known: set[str]) -> str:
        current = self._current
        return "" if current in known or next_period(current) in known else current

    @property
    def _current(self) -> str:
        return current_period(self.explaining.clock.now(), self.defaults.zone)

    def _outlook(self, user: User, plans: Sequence[Plan]) -> list[str]:
        lines: list[str] = []
        if not user.is_active:
            lines.append(Sentence("The user's account is not active: nothing is sent for it."))
        if not user.reminder_settings.enabled:
            lines.append(Sentence("The user has switched reminders off."))
        period = max([self._current, *(next_period(plan.period) for plan in plans)])
        time = send_time(period, day=user.send_day, time=user.send_time, zone=user.timezone, defaults=self.defaults)
        if user.is_active and time.instant > self.explaining.clock.now():
            when = moment(time.instant, time.zone)
            lines.append(
                Sentence("The first period not planned yet is {period}: it is due {when}.", period=period, when=when)
            )
        return lines
