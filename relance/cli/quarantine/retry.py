"""`quarantine retry`: read documents again now, and have the users of those that are sound planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.cli.base.resources import Repositories
from relance.cli.quarantine.listing import data_of
from relance.cli.quarantine.targets import CollectionOption, known_collection, set_aside
from relance.domain.quarantine import SetAside, faults_line, remedy
from relance.errors import DependencyUnavailable
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.services.replanning import Replanning
from relance.temporal.cycles import TemporalCycles
from relance.wording.summaries import counted

PAGE = 500
SHOWN = 200


async def retry(
    run: Run,
    collection_name: Annotated[str | None, typer.Argument(help="The collection.", metavar="[COLLECTION]")] = None,
    document: Annotated[str | None, typer.Argument(help="Its id, as `list` prints it.", metavar="[ID]")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All documents that cannot be read.")] = False,
    collection: CollectionOption = None,
) -> Answer:
    """Read documents again: those that are sound leave, and their users are planned where a period is still open.

    Safe to run twice. Exit code 1: some are still broken.
    """
    if [document is not None, every, collection is not None].count(True) != 1 or (
        (collection_name is None) != (document is None)
    ):
        invalid("ID", "exactly one of COLLECTION ID, --collection and --all is needed", "name one of them")
    async with run.database() as database:
        if collection_name is not None and document is not None:
            meant = [await set_aside(database.quarantine, collection_name, document)]
        else:
            if collection is not None:
                known_collection(database.quarantine, collection, "--collection")
            meant = await _all(database, collection)
        replanning = Replanning(
            users=database.users,
            plans=database.plans,
            cycles=await _cycles(run),
            max_late=run.settings.scheduling.max_late,
            clock=run.services.clock,
        )
        await replanning.reopen(meant)
        reviewed = await database.quarantine.review(meant)
        follows = await replanning.plan(reviewed.healed)
    return _answer(reviewed.healed, reviewed.broken, follows)


async def _all(database: Repositories, collection: str | None) -> list[SetAside]:
    found: list[SetAside] = []
    while page := await database.quarantine.page(collection, found[-1].key if found else "", PAGE):
        found += page
    return found


async def _cycles(run: Run) -> TemporalCycles | None:
    try:
        return TemporalCycles(await run.temporal())
    except DependencyUnavailable:
        run.out.side.print("Temporal does not answer: users are planned by the next pass of their cycle.")
        return None


def _answer(healed: Sequence[SetAside], broken: Sequence[SetAside], follows: dict[str, list[str]]) -> Answer:
    data = {
        "left": [{**data_of(document), "follows": follows.get(document.key, [])} for document in healed],
        "broken": [{**data_of(document), "remedy": remedy(document)} for document in broken],
    }
    code = JOB_FAILED if broken else DONE
    if not healed and not broken:
        return Answer(data, "No such document is known that cannot be read.", code)
    parts: list[Any] = []
    if healed:
        rows = [
            (document.collection, Text(document.name), Text("\n".join(follows.get(document.key, ["-"]))))
            for document in healed[:SHOWN]
        ]
        title = f"{counted(len(healed), 'document')} left the quarantine{_part(healed)}"
        parts.append(table(title, ("collection", "id", "what follows"), rows))
    if broken:
        lines = [
            (document.collection, Text(document.name), Text(faults_line(document)), Text(remedy(document)))
            for document in broken[:SHOWN]
        ]
        title = f"{counted(len(broken), 'document')} still cannot be read{_part(broken)}"
        parts.append(table(title, ("collection", "id", "what is wrong", "to do"), lines))
    return Answer(data, Group(*parts), code)


def _part(those: Sequence[SetAside]) -> str:
    return f", the first {SHOWN} shown; --json has all" if len(those) > SHOWN else ""
