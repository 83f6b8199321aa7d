"""`--save`: charts into a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.base.command import invalid
from relance.domain.channels.messages import Attachment

SaveOption = Annotated[
    Path | None, typer.Option("--save", metavar="FOLDER", help="Write the charts as PNG into this folder.")
]


async def save(folder: Path, files: Iterable[Attachment]) -> list[str]:
    """Write files into a folder, which is made if need be, and return their paths.

    Raises:
        InvalidInput: nothing can be written there.
    """
    return await asyncio.to_thread(_save, folder, list(files))


def _save(folder: Path, files: list[Attachment]) -> list[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.filename).write_bytes(file.content)
    except OSError as error:
        invalid("--save", f"nothing can be written into {folder} ({error.strerror})", "name another folder")
    return [str(folder / file.filename) for file in files]
