"""MongoDB's files after somebody was forgotten: what the server leaves in them, and what takes it away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from relance.devstack import mongod, processes
from tests.canary.searching import Search, server_files
from tests.support.patience import PATIENCE_S

SECONDARY = 2


def uncompressed(folder: Path) -> str:
    """Write a `mongod` that stores everything as it is, so that a search of its files sees it; return its folder."""
    place = folder / "bin"
    place.mkdir()
    script = place / "mongod"
    options = "--wiredTigerCollectionBlockCompressor none --wiredTigerJournalCompressor none"
    script.write_text(f'#!/bin/sh\nexec "{mongod.find_binary()}" "$@" {options}\n', encoding="ascii")
    script.chmod(0o755)
    return str(place)


async def checkpoint(uri: str) -> None:
    """Have the server write everything to its files."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri)
    await client.admin.command("fsync", 1)
    client.close()


async def compact(uri: str, database: str) -> None:
    """Have the server give back the room of what was deleted."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri)
    for name in await client[database].list_collection_names():
        await client[database].command("compact", name, force=True)
    await client.admin.command("fsync", 1)
    client.close()


async def replaced(uri: str, folder: Path) -> Path:
    """Replace the only member of a replica set by a new one with empty files; return the new one's folder.

    The same as an initial sync of each member of a larger set, one after the other. The old one is stopped.
    """
    port, place = processes.free_port(), folder / "new-member"
    place.mkdir()
    member = mongod.launch(folder, port, data=place)
    old: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(uri)
    async with asyncio.timeout(PATIENCE_S):
        await member.server.ready(_answers(port), PATIENCE_S)
        config = (await old.admin.command("replSetGetConfig"))["config"]
        config["version"] += 1
        config["members"].append({"_id": 1, "host": f"{processes.HOST}:{port}", "priority": 0, "votes": 0})
        await old.admin.command("replSetReconfig", config)
        while SECONDARY not in [each["state"] for each in await _members(old) if each["_id"] == 1]:
            await asyncio.sleep(0.2)
    old.close()
    new: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(processes.HOST, port, directConnection=True)
    await new.admin.command("fsync", 1)
    new.close()
    await member.stop()
    return place


def files_of(search: Search, place: str, folder: Path) -> int:
    """Count the planted words in the files of a server."""
    return search.look_through(place, server_files(folder))


async def _members(client: AsyncIOMotorClient[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.admin.command("replSetGetStatus"))["members"]
    return found


async def _answers(port: int) -> None:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(processes.HOST, port, directConnection=True)
    try:
        await client.admin.command("ping")
    finally:
        client.close()
