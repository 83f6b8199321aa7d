"""`vanished_months`: a month ends without mails and nobody can see it, or not of whom (SPEC C3, C6, C13, C14).

Each case is a month in which plans end without the mails they were for. The statistics must count every contact, with a
reason, and balance; `why` must explain a contact; and people must be told where it is not their own decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from relance import ids
from relance.contracts.cycle import CycleStatistics
from tests.outside.figure import Case, Figure, Stage, first_wrong
from tests.outside.people import LOOK_EVERY_S, a_contact, a_user
from tests.support.commands import starter
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S

USERS, CONTACTS = 3, 2
EVERYBODY = USERS * CONTACTS
LATE = timedelta(days=9)

Step = Callable[[Installation, str], Awaitable[None]]


async def _nothing(_: Installation, __: str) -> None:
    pass


async def _old_plans(own: Installation, period: str) -> None:
    """Write the plans of a pass before a long outage."""
    at = (datetime.now(UTC) - LATE).replace(second=0, microsecond=0)
    plan = {"period": period, "instant": at, "local": f"{at:%Y-%m-%dT%H:%M}", "zone": "UTC", "status": "planned"}
    await own.database.raw.plans.insert_many(
        [{**plan, "_id": f"{period}.u{n}", "userId": f"u{n}", "updatedAt": at, "notes": []} for n in range(USERS)]
    )


async def _cancel(own: Installation, period: str) -> None:
    """Cancel a cycle whose plans are all to come."""
    async with asyncio.timeout(PATIENCE_S):
        while await own.database.raw.plans.count_documents({"period": period}) < USERS:
            await asyncio.sleep(LOOK_EVERY_S)
    code, said, _ = await starter(own, "cycle", "cancel", period, "--reason", "tests", "--by", "tests", "--yes")
    assert code == 0, said


@dataclass(frozen=True, slots=True)
class Month:
    """How a month goes: who its people are, what happens before its cycle starts and while it runs.

    `months` is how far away it is; `alert` the rule that must be open in the end; `sent` the mails that are right.
    """

    name: str
    months: int
    user: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    send_now: bool = True
    sent: int = 0
    alert: str = ""
    before: Step = _nothing
    meanwhile: Step = _nothing


BAD_TIMES: tuple[Mapping[str, Any], ...] = (
    {"timezone": "Mars/Base"},
    {"sendDay": 99},
    {"sendTime": "25:99"},
)
MONTHS = (
    Month("every send time was missed by weeks", -2, send_now=False, alert="too-late"),
    Month("plans of before an outage", -1, send_now=False, alert="too-late", before=_old_plans),
    Month("all users are inactive", 1, {"status": "inactive"}, alert="cycle-wrote-to-nobody"),
    Month("all contacts are blocked", 2, contact={"status": "blocked"}, alert="cycle-wrote-to-nobody"),
    Month("no address can be written to", 3, contact={"email": "nobody"}, alert="cycle-wrote-to-nobody"),
    *(
        Month(f"a user says {bad}", 4 + number, bad, sent=EVERYBODY, alert="send-times-invalid")
        for number, bad in enumerate(BAD_TIMES)
    ),
    Month("cancelled before its first wave", 8, send_now=False, meanwhile=_cancel),
)


async def cases(stage: Stage) -> list[Case]:
    """Live through each month."""
    async with stage.installation() as own:
        await own.start_worker()
        return [await _lived(own, month) for month in MONTHS]


async def _lived(own: Installation, month: Month) -> Case:
    period = _period(month.months)
    raw = own.database.raw
    for collection in (raw.users, raw.contacts):
        await collection.delete_many({})
    contacts = [
        a_contact(f"u{user}", f"u{user}-{one}", f"u{user}-{one}@people.example") | dict(month.contact)
        for user in range(USERS)
        for one in range(CONTACTS)
    ]
    await own.load([a_user(f"u{n}") | dict(month.user) for n in range(USERS)], contacts)
    await month.before(own, period)
    cycle = await own.start_cycle(period, send_now=month.send_now)
    await month.meanwhile(own, period)
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            result = await cycle.result()
    except TimeoutError:
        return Case(month.name, "its cycle does not end")
    return Case(month.name, _uncounted(result, month) or await _untold(own, month, period))


def _uncounted(result: CycleStatistics, month: Month) -> str:
    reasons = {**result.skipped, **result.failed, "cancelled": result.cancelled}
    return first_wrong(
        [
            (result.eligible == EVERYBODY, f"{result.eligible} of {EVERYBODY} contacts are eligible"),
            (result.sent == month.sent, f"{result.sent} mails are sent, where {month.sent} are right"),
            (result.sent + sum(reasons.values()) == EVERYBODY, f"not every contact has a reason: {reasons}"),
            (result.balance == 0, f"the balance is {result.balance}"),
            (result.plans_open == 0, f"{result.plans_open} plans are open"),
        ]
    )


async def _untold(own: Installation, month: Month, period: str) -> str:
    code, said, _ = await starter(own, "why", ids.invitation_id(period, "u0", "u0-0"))
    if code != 0 or not said:
        return f"`why` ends with {code}"
    if not month.alert:
        return ""
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            while not await own.database.raw.alerts.find_one({"rule": month.alert, "open": True, "subject": period}):
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        return f"nobody is told {month.alert}"
    return ""


def _period(months: int) -> str:
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return f"{year:04}-{month + 1:02}"


FIGURE = Figure("vanished_months", "B", "months that end without mails and without a word about it", cases)
