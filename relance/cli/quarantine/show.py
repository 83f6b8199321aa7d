"""`quarantine show`: what is wrong with one document, what that costs, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.quarantine.listing import data_of, faults_line
from relance.cli.quarantine.targets import set_aside
from relance.domain.quarantine import MARK, SetAside, cost, remedy

CollectionArgument = Annotated[str, typer.Argument(help="The collection it lies in.", metavar="COLLECTION")]
IdArgument = Annotated[str, typer.Argument(help="Its id, or its mark, as `list` prints it.", metavar="ID")]


async def show(run: Run, collection: CollectionArgument, document: IdArgument) -> Answer:
    """Show one document that cannot be read: field, fault, whose it is, what it costs, and what to do about it."""
    async with run.database() as database:
        one = await set_aside(database.quarantine, collection, document)
    costs, todo, where = cost(one, run.services.clock.now()), remedy(one), _where(one)
    rows = [
        ("document", Text(f"{one.collection} {one.name}")),
        ("where", Text(where)),
        ("what is wrong", Text(faults_line(one))),
        ("costs", costs),
        ("to do", Text(todo)),
        ("user", one.user),
        ("period", one.period),
        ("since", one.at),
        ("last seen", one.seen_at),
        ("times seen", one.seen),
    ]
    data = {**data_of(one), "costs": costs, "remedy": todo, "where": where}
    return Answer(data, Group(table("Document that cannot be read", ("what", "value"), rows)))


def _where(one: SetAside) -> str:
    if one.named_by_token:
        token = one.name.removeprefix(MARK)
        return f'its id is the field `ref` of the note: db.quarantine.findOne({{token: "{token}"}})'
    return f"the document of the collection {one.collection} with this _id"
