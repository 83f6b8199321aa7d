"""Where most benchmarks run: servers, a sink and an installation of their own, with people in it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.people import Documents
from benchmarks.sinks import Sink, open_sink
from benchmarks.table import say
from relance.devstack.stack import Given, Stack
from tests.support.installation import Installation, installed

CONNECTIONS = "RELANCE_MAIL__CONNECTIONS"


class Prepared(NamedTuple):
    """An installation that has no worker yet, and the sink that its mails go to."""

    installation: Installation
    sink: Sink

    @property
    def guard_pid(self) -> int | None:
        """The parent of our own sink, for `benchmarks.meter`; Postfix's is known by its name."""
        return self.sink.server.guard_pid if self.sink.kind == "own" else None


@asynccontextmanager
async def prepared(
    users: Documents, contacts: Documents, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Prepared]:
    """Start everything but a worker and load these people; stop it in the end, with all workers."""
    say(f"starting the servers for {len(users)} users, {len(contacts)} contacts")
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        async with (
            open_sink(Path(folder)) as sink,
            Stack(given=Given(mailbox_smtp=sink.address, mailbox_http="")) as stack,
            installed(stack, "benchmark", environment) as installation,
        ):
            await installation.load(users, contacts)
            yield Prepared(installation, sink)
