"""`quarantine show`: what is wrong with one document, what that costs, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.quarantine.listing import data_of
from relance.cli.quarantine.targets import set_aside
from relance.domain.quarantine import MARK, SetAside, cost, faults_line, remedy

CollectionArgument = Annotated[str, typer.Argument(help="The collection it lies in.", metavar="COLLECTION")]
IdArgument = Annotated[str, typer.Argument(help="Its id, or its mark, as `list` prints it.", metavar="ID")]


async def show(run: Run, collection: CollectionArgument, document: IdArgument) -> Answer:
    """Show one document that cannot be read: field, fault, whose it is, what it costs, and what to do about it."""
    async with run.database() as database:
        found = await set_aside(database.quarantine, collection, document)
    costs, todo, where = cost(found, run.services.clock.now()), remedy(found), _where(found)
    rows = [
        ("document", Text(f"{found.collection} {found.name}")),
        ("where", Text(where)),
        ("what is wrong", Text(faults_line(found))),
        ("costs", costs),
        ("to do", Text(todo)),
        ("user", found.user),
        ("period", found.period),
        ("since", found.at),
        ("last seen", found.seen_at),
        ("times seen", found.seen),
    ]
    data = {**data_of(found), "costs": costs, "remedy": todo, "where": where}
    return Answer(data, Group(table("Document that cannot be read", ("what", "value"), rows)))


def _where(document: SetAside) -> str:
    if document.named_by_token:
        token = document.name.removeprefix(MARK)
        return f'its id is the field `ref` of the note: db.quarantine.findOne({{token: "{token}"}})'
    return f"the document of the collection {document.collection} with this _id"
