"""Make a lone `mongod --replSet` the primary of a set of one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from relance.errors import DependencyUnavailable

NAME = "rs0"


async def initiate(host_port: str, deadline_s: float) -> None:
    """Initiate the replica set `rs0` with one member, `host:port`, and wait until that is primary.

    A data folder that already belongs to a set keeps it; when the port has changed, the set is reconfigured.

    Raises:
        DependencyUnavailable: there is no primary in time.
    """
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        host_port,
        directConnection=True,
        readPreference="nearest",
        serverSelectionTimeoutMS=500,
        connectTimeoutMS=2000,
        socketTimeoutMS=5000,
    )
    deadline = time.monotonic() + deadline_s
    try:
        while True:
            try:
                if await _is_primary(client, host_port):
                    return
                problem = "no primary yet"
            except PyMongoError as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise DependencyUnavailable("MongoDB", f"{problem} after {deadline_s:g} s")
            await asyncio.sleep(0.05)
    finally:
        client.close()


async def _is_primary(client: AsyncIOMotorClient[dict[str, Any]], host_port: str) -> bool:
    hello = await client.admin.command("hello")
    if hello.get("isWritablePrimary"):
        return True
    stored = await client.local["system.replset"].find_one()
    if stored is None:
        config = {"_id": NAME, "members": [{"_id": 0, "host": host_port}]}
        await client.admin.command("replSetInitiate", config)
    elif stored["members"][0]["host"] != host_port:
        stored["version"] += 1
        stored["members"][0]["host"] = host_port
        await client.admin.command("replSetReconfig", stored, force=True)
    return False
