"""Who is written to: four groups of users whose send times lie differently to the time of absence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.faults.mail.site import user

Documents = Sequence[Mapping[str, Any]]

EARLY, MIDDLE, LAST = 0.0, 3.0, 5.5
"""Days after the first send time at which each group's invitations go out."""

ABSENCE = 6.9
"""Days for which nothing is sent, from the middle of the last wave on.

The early group's J+3 is before it, its J+7 in it; both of the middle group are in it; of the last group's half that was
sent J+3 is in it, J+7 two hours after; the other half is sent late, within the week that is allowed (SPEC C14).
"""
BACK = LAST + ABSENCE
AFTER = BACK + 1.1
"""When the invitations of a fourth group are due: it shows that the cycle itself goes on."""

FIRST_DAY, FIRST_HOUR = 3, 10
MANY = "f-many"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Sizes: users of each group, of the last one before the absence, contacts of each, and of one who has many."""

    users: int = 1
    last: int = 4
    contacts: int = 20
    many: int = 100

    def documents(self) -> tuple[Documents, Documents]:
        """Return the users and the contacts."""
        users, contacts = [], []
        for name, day, count in self._users():
            at = day_zero("2000-01") + timedelta(days=day)
            users.append(user(name, sendDay=at.day, sendTime=f"{at:%H:%M}", timezone="UTC"))
            contacts += [_contact(name, number) for number in range(count)]
        return users, contacts

    def of(self, day: float) -> int:
        """Return how many contacts the group of this day has."""
        return sum(count for _, when, count in self._users() if when == day)

    def _users(self) -> Iterator[tuple[str, float, int]]:
        yield from ((f"e{number}", EARLY, self.contacts) for number in range(self.users))
        yield from ((f"f{number}", MIDDLE, self.contacts) for number in range(self.users))
        yield MANY, MIDDLE, self.many
        yield from ((f"m{number}", LAST, self.contacts) for number in range(self.last))
        yield from ((f"n{number}", AFTER, self.contacts) for number in range(self.users))


def day_zero(period: str) -> datetime:
    """Return the first send time of a period, in UTC."""
    return datetime.fromisoformat(f"{period}-{FIRST_DAY:02}T{FIRST_HOUR:02}:00+00:00")


def _contact(owner: str, number: int) -> dict[str, Any]:
    name = f"{owner}c{number}"
    return {
        "_id": name,
        "userId": owner,
        "name": f"Contact {name}",
        "email": f"{name}@people.example",
        "status": "active",
    }
