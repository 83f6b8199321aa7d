"""Which documents a person means: a collection, and an id as `quarantine list` prints it."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.base.command import invalid
from relance.domain.quarantine import SetAside
from relance.errors import NotFound
from relance.ports import Quarantine

CollectionOption = Annotated[str | None, typer.Option("--collection", help="Of this collection only.")]


def known_collection(quarantine: Quarantine, name: str, field: str) -> str:
    """Return the name of a collection whose documents are checked.

    Raises:
        InvalidInput: no such collection is.
    """
    if name not in quarantine.collections:
        invalid(field, f"{name!r} is not a collection we read", f"name one of {', '.join(quarantine.collections)}")
    return name


async def set_aside(quarantine: Quarantine, collection: str, name: str) -> SetAside:
    """Return a document that cannot be read.

    Raises:
        InvalidInput: the collection is unknown.
        NotFound: it is not set aside.
    """
    known_collection(quarantine, collection, "COLLECTION")
    found = await quarantine.named(collection, name)
    if found is None:
        raise NotFound(
            f"ID: no document {name!r} of {collection} is set aside; it may be sound again or gone: "
            "`quarantine list` shows those that are, with their ids"
        )
    return found
