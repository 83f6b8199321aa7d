"""Who takes part, each as its documentation recommends, with the best settings found on this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import servers
from benchmarks.peers.servers import Store


@dataclass(frozen=True, slots=True)
class Contender:
    """A peer: its program, its server, how many processes of it there may be, and its settings in words.

    `own_processes`: the program starts its processes itself, or has to be alone.
    """

    program: str
    store: Callable[[Path], AbstractAsyncContextManager[Store]]
    own_processes: bool
    settings: str


CONTENDERS = {
    "apscheduler": Contender(
        program="apscheduler_mongodb.py",
        store=servers.mongodb,
        own_processes=True,
        settings="one process (a job store is never shared), a thread and a connection per mail at once, job store "
        "with w=majority j=true, paused while reminders are added, no misfire limit",
    ),
    "celery": Contender(
        program="celery_redis.py",
        store=servers.redis,
        own_processes=True,
        settings="prefork, two children per process asked for, -O fair, acks_late, prefetch 64, visibility timeout 8 d "
        "(longer than J+7), results ignored; Redis with AOF, fsync every second",
    ),
    "dbos": Contender(
        program="dbos_postgresql.py",
        store=servers.postgresql,
        own_processes=False,
        settings="asynchronous workflows, one executor per process, pool of 20; PostgreSQL with synchronous commit, "
        "256 MB of shared buffers",
    ),
    "temporal": Contender(
        program="temporal_sample.py",
        store=servers.temporal,
        own_processes=False,
        settings="a workflow per invitation, both timers set with the first task, 64 workflow tasks and 64 activities "
        "at once, eager start, no sandbox, the development server with Relance's settings (SQLite, WAL, "
        "synchronous=NORMAL)",
    ),
}
