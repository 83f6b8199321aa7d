"""`mailbox_over_cap`: one mailbox gets invitations of more users in a month than it may (SPEC C6), or of fewer.

Each case is a mailbox that stands in the address books of several users. All are sent for at once by two worker
processes, whose claims race; a second run of the same month, after more users came and the keys were rotated, follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from relance.devstack.mailbox.client import Mailbox
from relance.domain.invitations.addresses import mailbox_key
from relance.settings.privacy import SUPPRESSION_KEY
from tests.outside.figure import Case, Figure, Stage, first_wrong
from tests.outside.people import a_contact, a_user, ended
from tests.support.installation import Installation
from tests.support.keys import a_key

PERIOD = "2027-01"
CAP = 5
USERS, MORE_USERS = 12, 4


@dataclass(frozen=True, slots=True)
class Shared:
    """A mailbox: how each user writes it, how many have it at first and come later, and how many mails are right."""

    name: str
    written: Callable[[int], str]
    users: int
    later: int = 0
    copies: int = 1

    @property
    def right(self) -> int:
        """As many as there are users, up to the cap."""
        return min(self.users + self.later, CAP)


def _cased(number: int) -> str:
    name, domain = "shared.case", "People.Example"
    return f"{name.upper() if number % 2 else name}@{domain.lower() if number % 3 else domain}"


def _in_two_alphabets(number: int) -> str:
    return "x@b\u00fccher.example" if number % 2 else "x@xn--bcher-kva.example"


SHARED = (
    Shared("a friend of one", lambda _: "one@people.example", 1),
    Shared("a friend of four", lambda _: "four@people.example", 4),
    Shared("a friend of five", lambda _: "five@people.example", 5),
    Shared("in six address books", lambda _: "six@people.example", 6),
    Shared("in eight address books", lambda _: "eight@people.example", 8),
    Shared("in twelve", lambda _: "twelve@people.example", 12),
    Shared("written in capitals here and there", _cased, 12),
    Shared("of a domain outside ASCII", _in_two_alphabets, 12),
    Shared("three times in each address book", lambda _: "thrice@people.example", 12, copies=3),
    Shared("of users who come later", lambda _: "later@people.example", 4, later=4),
    Shared("at its cap when others come", lambda _: "capped@people.example", 6, later=4),
)


async def cases(stage: Stage) -> list[Case]:
    """Send for the first users, then for those who came later under rotated keys."""
    async with stage.installation() as own:
        await own.load([a_user(f"u{n:02}") for n in range(USERS)], _contacts(range(USERS), lambda one: one.users))
        worker = await own.start_worker(processes=2)
        wrong = await ended(own, await own.start_cycle(PERIOD), PERIOD)
        await worker.stop()
        later = range(USERS, USERS + MORE_USERS)
        await own.load([a_user(f"u{n:02}") for n in later], _contacts(later, lambda one: USERS + one.later))
        rotated = {SUPPRESSION_KEY: f"{a_key()},{own.environment[SUPPRESSION_KEY]}"}
        await own.start_worker(processes=2, environment=rotated)
        wrong = wrong or await ended(own, await own.start_cycle(PERIOD, again="-again"), PERIOD)
        return [Case("both runs", wrong), *await _judged(own, stage.mailbox)]


def _contacts(users: range, until: Callable[[Shared], int]) -> list[dict[str, object]]:
    return [
        a_contact(f"u{user:02}", f"u{user:02}-{number}-{copy}", one.written(user))
        for number, one in enumerate(SHARED)
        for user in users
        if user < until(one)
        for copy in range(one.copies)
    ]


async def _judged(own: Installation, mailbox: Mailbox) -> list[Case]:
    got = Counter(mailbox_key(address) for mail in await mailbox.log() for address in mail.to)
    entries = (await own.entries(PERIOD)).values()
    unexplained = Counter(one.contact_id.split("-")[1] for one in entries if one.status == "skipped" and not one.reason)
    accounted = Counter(one.contact_id.split("-")[1] for one in entries)
    found = []
    for number, one in enumerate(SHARED):
        mails, all_of_it = got[mailbox_key(one.written(0))], (one.users + one.later) * one.copies
        checks = [
            (mails <= one.right, f"{mails} mails, where {one.right} are right"),
            (mails >= one.right, f"only {mails} mails, where {one.right} are right"),
            (not unexplained[str(number)], f"{unexplained[str(number)]} are skipped without a reason"),
            (
                accounted[str(number)] == all_of_it,
                f"{accounted[str(number)]} of {all_of_it} contacts are accounted for",
            ),
        ]
        found.append(Case(one.name, first_wrong(checks)))
    return found


FIGURE = Figure(
    "mailbox_over_cap", "A", "mailboxes that get invitations of more users than they may, or of fewer", cases
)
