"""`quarantine list`: which documents cannot be read, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.cli.quarantine.targets import CollectionOption, known_collection
from relance.domain.quarantine import SetAside, fault_words, faults_line, listed
from relance.ports import Quarantine
from relance.wording.summaries import counted

MOST = 1000


async def list_(
    run: Run,
    *,
    collection: CollectionOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Documents per page.")] = 50,
    after: Annotated[
        str | None, typer.Option("--after", metavar="COLLECTION/ID", help="The next page: behind this document.")
    ] = None,
) -> Answer:
    """Show the documents that cannot be read, in order of collection and id: field, fault, since when, how often.

    An id that could be an address or a name is not shown; the mark in its place, ~ and 12 digits, names it as well.
    """
    async with run.database() as database:
        quarantine = database.quarantine
        if collection is not None:
            known_collection(quarantine, collection, "--collection")
        start = await _start(quarantine, after) if after is not None else ""
        found = await quarantine.page(collection, start, limit + 1)
        counts = {name: count.count for name, count in (await quarantine.counts()).items()}
    shown = found[:limit]
    following = f"{shown[-1].collection}/{shown[-1].name}" if len(found) > limit else None
    total = counts.get(collection, 0) if collection is not None else sum(counts.values())
    data = {
        "total": total,
        "collections": counts,
        "documents": [data_of(document) for document in shown],
        "next": following,
    }
    return Answer(data, _view(shown, total, counts, following))


def data_of(document: SetAside) -> dict[str, Any]:
    """Return a document that cannot be read for machines."""
    return {
        "collection": document.collection,
        "id": document.name,
        "faults": [
            {"field": fault.field, "code": fault.code, "meaning": fault_words(fault)} for fault in document.faults
        ],
        "since": document.at,
        "last_seen": document.seen_at,
        "seen": document.seen,
        "user": document.user,
        "period": document.period,
    }


async def _start(quarantine: Quarantine, after: str) -> str:
    collection, slash, name = after.partition("/")
    if not slash or not name:
        invalid("--after", f"{after!r} names no document", "write COLLECTION/ID, as `next` of the page before says")
    known_collection(quarantine, collection, "--after")
    found = await quarantine.named(collection, name)
    # The one behind which it goes on may have left meanwhile: with an id its place is known all the same.
    return found.key if found is not None else f"{collection}.{name}"


def _view(shown: Sequence[SetAside], total: int, counts: dict[str, int], following: str | None) -> Any:
    if not shown:
        return "No such document is known that cannot be read."
    rows = [
        (
            document.collection,
            Text(document.name),
            Text(faults_line(document)),
            document.at,
            document.seen_at,
            document.seen,
            document.user,
        )
        for document in shown
    ]
    columns = ("collection", "id", "what is wrong", "since", "last seen", "times", "user")
    parts: list[Any] = [table(f"{counted(total, 'document')} cannot be read: {listed(counts)}", columns, rows)]
    if following is not None:
        parts.append(f"There are more: --after {following}")
    parts.append("What to do about one: starter.py quarantine show COLLECTION ID")
    return Group(*parts)
