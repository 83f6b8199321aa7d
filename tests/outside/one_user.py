"""`one_user_pauses`: what stands in one address book pauses everybody's month (SPEC C10).

Each case is a month in which one user, the first to be sent for, has contacts nobody can write to. The others' contacts
must all get their mail.
"""

from __future__ import annotations

from dataclasses import dataclass

from relance.devstack.mailbox.rules import Refuse
from relance.devstack.mailbox.rules import SmtpStage as Moment
from tests.outside.figure import Case, Figure, Stage
from tests.outside.people import a_contact, a_user, ended, missing, neighbours
from tests.support.installation import Installation

CULPRIT = "culprit"
USERS, CONTACTS = 60, 4
"""Their mails are more than the canary of 200."""


@dataclass(frozen=True, slots=True)
class Book:
    """An address book: how many contacts of which form, and what is said of them."""

    name: str
    number: int
    local: str = "nobody{}"
    code: int = 550
    text: str = "5.1.1 User unknown"
    moment: Moment = Moment.RCPT


BOOKS = (
    Book("three unknown addresses", 3),
    Book("three non-ASCII local parts", 3, "zo\u00e9{}"),
    Book("500 unknown addresses", 500),
    Book("500 non-ASCII local parts", 500, "\u0438\u0432\u0430\u043d{}"),
    Book("unknown addresses, said after the data", 20, text="5.1.1 Recipient not found", moment=Moment.END_OF_DATA),
    Book("disabled mailboxes", 20, code=554, text="5.2.1 The account is disabled"),
    Book("refusals nobody can read", 20, code=554, text="Transaktion fehlgeschlagen"),
    Book("mails that are too large for them", 20, code=552, text="5.3.4 Message too big", moment=Moment.END_OF_DATA),
    Book("servers that do not like us", 20, code=550, text="5.7.1 Message rejected as spam", moment=Moment.END_OF_DATA),
)


async def cases(stage: Stage) -> list[Case]:
    """Live through a month for each address book."""
    async with stage.installation() as own:
        await own.load(*neighbours(USERS, CONTACTS))
        await own.start_worker(processes=2)
        return [await _month(own, stage, f"2027-{number:02}", book) for number, book in enumerate(BOOKS, 1)]


async def _month(own: Installation, stage: Stage, period: str, book: Book) -> Case:
    raw = own.database.raw
    await stage.mailbox.clear()
    if book.local.isascii():
        rule = Refuse(stage=book.moment, code=book.code, text=book.text, recipient="*@nowhere.example")
        await stage.mailbox.add_rule(rule)
    await raw.users.replace_one({"_id": CULPRIT}, a_user(CULPRIT), upsert=True)
    await raw.contacts.delete_many({"userId": CULPRIT})
    addresses = [f"{book.local.format(number)}@nowhere.example" for number in range(book.number)]
    await raw.contacts.insert_many([a_contact(CULPRIT, f"{CULPRIT}-{n}", one) for n, one in enumerate(addresses)])
    wrong = await ended(own, await own.start_cycle(period), period)
    _, others = neighbours(USERS, CONTACTS)
    left_out = await missing(stage.mailbox, others)
    return Case(book.name, wrong or (f"{len(left_out)} contacts of others got no mail" if left_out else ""))


FIGURE = Figure("one_user_pauses", "F", "months that one user's address book stops for the others", cases)
