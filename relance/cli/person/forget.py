"""`person forget`: shows what would happen, then forgets a person across every store (SPEC section 13)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Group

from relance import ids
from relance.cli.alerts.silencing import read_author
from relance.cli.base.command import Run, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell, table
from relance.cli.base.resources import Repositories
from relance.cli.base.waiting import DEFAULT_S, TimeoutOption, goes_on
from relance.cli.person.target import AddressOption, ContactOption, UserOption, find_person, forgetting_of
from relance.domain.privacy.person import Erasure, PersonScope
from relance.domain.privacy.stores import BY_NAME, is_erased
from relance.errors import NotFound
from relance.ports.privacy import PersonLookup
from relance.runtime.logs import redact
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.privacy import new_erasure
from relance.temporal.privacy import TemporalForgettings

LOOK_EVERY_S = 0.2
LONGEST_REASON = 200
SHOWN_USERS = 5
IS_KEPT, WAS_KEPT = "What is kept", "What was kept when it was asked for"


async def forget(
    run: Run,
    *,
    contact: ContactOption = None,
    user: UserOption = None,
    address: AddressOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what there is and what would happen.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, without names and addresses; it is kept.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who decides; the login's name by default.")] = None,
    yes: YesOption = False,
    patience: TimeoutOption = DEFAULT_S,
) -> Answer:
    """Forget a person across every store; cannot be undone: asks first, and wants a reason.

    From then on nothing is sent to the mailbox, also when the application writes the same person again: a keyed digest
    of it stays. A contact is blocked in the application's collection; the rest there is the application's to delete.
    """
    why, author = _decision(reason, by, needed=not dry_run)
    async with run.database() as database:
        found = await find_person(database, contact, user, address)
        records = await database.erasures.about(found.named)
        before = [record for record in records if record.answers(found.person.scope, found.named)]
        forgetting = await forgetting_of(run, database)
        counts = await forgetting.survey(found.person)
        if dry_run:
            return _answer({"dry_run": True}, counts, [*_warnings(found), *_earlier(before), _UNCHANGED])
        _refuse_active(found)
        record = next((each for each in before if each.work is not None), None)
        if record is None:
            if not any(is_erased(store) and count for store, count in counts.items()):
                if before:
                    return _answer(_data(before[0]), counts, _earlier(before))
                if not any(counts.values()) and found.person.scope is not PersonScope.ADDRESS:
                    raise NotFound(f"{_field(found)}: nothing is kept about this id; check it")
            confirm(run, _what(counts), yes=yes)
            record = new_erasure(found, by=author, reason=why, clock=run.services.clock)
            await database.erasures.begin(record)
        await TemporalForgettings(await run.temporal()).start(record.id)
        return await _waited(run, database, record, patience)


_UNCHANGED = "Nothing was changed: this was a dry run."


def _decision(reason: str, by: str | None, *, needed: bool) -> tuple[str, str]:
    why = " ".join(reason.split())
    if needed and not why:
        invalid("--reason", "it is missing, and this cannot be undone", "say in a few words why")
    if len(why) > LONGEST_REASON:
        invalid("--reason", f"it is longer than {LONGEST_REASON} characters", "say it in fewer words")
    if redact(why) != why:
        invalid("--reason", "it holds an address, and the record is kept", "name a ticket instead")
    return why, read_author(by)


def _refuse_active(found: PersonLookup) -> None:
    """Refuse a user who would be planned again.

    Raises:
        InvalidInput: the application has such a user.
    """
    for warning in _warnings(found):
        invalid(_field(found), warning, "deactivate or delete the account in the application, then say it again")


def _warnings(found: PersonLookup) -> list[str]:
    active = found.active_users
    if not active:
        return []
    names = ", ".join(active[:SHOWN_USERS]) + (", ..." if len(active) > SHOWN_USERS else "")
    return [f"the application has an active user ({names}), whose invitations would be planned again"]


def _field(found: PersonLookup) -> str:
    return f"--{found.person.scope.value}"


def _what(counts: Mapping[str, int]) -> str:
    number = sum(count for store, count in counts.items() if is_erased(store))
    return f"this forgets the person for good: {number} documents and workflows lose the name or go"


async def _waited(run: Run, database: Repositories, record: Erasure, timeout_s: int) -> Answer:
    """Wait until everything is done; the workflow goes on without us."""
    rest = f"It goes on without this (workflow {ids.forget_workflow_id(record.id)}); say it again to wait for it."
    deadline = time.monotonic() + timeout_s
    now: Erasure | None = record
    with goes_on(run.out, rest), run.out.pulse.about(f"a worker to do it, {timeout_s} s at most"):
        while time.monotonic() < deadline:
            now = await database.erasures.get(record.id)
            if now is not None and now.done_at is not None:
                return _answer(_data(now), now.found or {}, [f"Forgotten; the record is {now.id}."], title=WAS_KEPT)
            await asyncio.sleep(LOOK_EVERY_S)
    found = now.found if now is not None and now.found is not None else {}
    lines = [f"It is not done after {timeout_s} s. {rest}"]
    return _answer(_data(record), found, lines, JOB_FAILED, title=WAS_KEPT)


def _earlier(records: list[Erasure]) -> list[str]:
    return [
        f"Forgotten before: {each.id}, {cell(each.done_at)}, by {each.by}."
        if each.done_at is not None
        else f"Being forgotten since {cell(each.at)}: {each.id}."
        for each in records[:3]
    ]


def _data(record: Erasure) -> dict[str, object]:
    return {
        "id": record.id,
        "scope": record.scope.value,
        "by": record.by,
        "reason": record.reason,
        "at": record.at,
        "done_at": record.done_at,
    }


def _answer(
    data: Mapping[str, object], counts: Mapping[str, int], lines: list[str], code: int = DONE, *, title: str = IS_KEPT
) -> Answer:
    rows = [(name, BY_NAME[name].holds, count, BY_NAME[name].effect.value) for name, count in counts.items() if count]
    stores = {name: {"count": count, "effect": BY_NAME[name].effect.name.lower()} for name, count in counts.items()}
    view = table(title, ("store", "what", "number", "what happens"), rows)
    said = "\n".join(f"{line[0].upper()}{line[1:]}" for line in lines)
    return Answer({**data, "stores": stores, "message": " ".join(lines)}, Group(view, said), code)
