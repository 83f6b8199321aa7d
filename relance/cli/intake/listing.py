"""`intake list`: the messages nobody could attribute, or those with one outcome."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.domain.intake import IntakeOutcome
from relance.domain.intake.records import IntakeRecord

MOST = 1000
SHORT = 12
"""Digits of a digest that people see and type."""


async def list_(
    run: Run,
    *,
    outcome: Annotated[str | None, typer.Option("--outcome", help="Those with this outcome.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Messages per page.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="DIGEST", help="The next page: behind this message.")] = "",
) -> Answer:
    """Show the messages that could not be attributed: what they are, how they came, when. No address, no word."""
    if outcome is not None and outcome not in set(IntakeOutcome):
        invalid("--outcome", f"{outcome!r} is none", f"name one of {', '.join(IntakeOutcome)}")
    async with run.database() as database:
        found = await database.intake_messages.listed([outcome] if outcome else [], after, limit + 1)
    shown = found[:limit]
    following = shown[-1].digest if len(found) > limit else None
    data = {"messages": [record_data(record) for record in shown], "next": following}
    return Answer(data, _view(shown, following))


def record_data(record: IntakeRecord) -> dict[str, Any]:
    """Return a record for machines."""
    return {
        "digest": record.digest,
        "kind": record.kind,
        "outcome": record.outcome,
        "via": record.via,
        "at": record.at,
        "size": record.size,
        "invitation_id": record.invitation_id,
        "code": record.code,
        "class": record.class_,
    }


def _view(shown: list[IntakeRecord], following: str | None) -> Any:
    if not shown:
        return "There is no such message."
    rows = [
        (
            record.digest[:SHORT],
            record.kind.replace("_", " "),
            record.outcome.replace("_", " "),
            record.via,
            record.at,
            record.size,
            record.invitation_id,
        )
        for record in shown
    ]
    parts: list[Any] = [
        table("Messages that came back", ("digest", "what it is", "outcome", "via", "at", "bytes", "invitation"), rows)
    ]
    if following is not None:
        parts.append(f"There are more: --after {following}")
    parts.append("Look at one: starter.py intake show DIGEST")
    return Group(*parts)
