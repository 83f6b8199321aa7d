"""Many open pages of the console in one process of low priority, which reads what comes and does no more.

Reads the secrets of the sessions from its input, a line each, and an empty line when all of them are there. Prints
`ready` once every page has had something, and a line of JSON with what each page saw when its input ends. Instants are
those of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field

LOWEST = 19
CONNECT_EVERY_S = 0.03
MARKED = re.compile(rb"canary-([0-9]{6})")
PAGE = "/console/live/now"


@dataclass
class Viewer:
    """One open page; `seen` is when each marked alert came."""

    port: int
    secret: str
    seen: dict[str, float] = field(default_factory=dict)
    events: int = 0
    bytes: int = 0

    async def look(self) -> None:
        """Look at the page until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        cookie = f"Cookie: relance_session={self.secret}"
        writer.write(f"GET {PAGE} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n\r\n".encode())
        while line := await reader.readline():
            self.bytes += len(line)
            if line.startswith(b"data:"):
                self.events += 1
                at = time.monotonic()
                for name in MARKED.findall(line):
                    self.seen.setdefault(name.decode(), at)


async def look(port: int) -> None:
    """Open the pages, and print what they saw."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    viewers: list[Viewer] = []
    while secret := (await lines.readline()).decode().strip():
        viewers.append(Viewer(port, secret))
    looking = []
    for viewer in viewers:
        looking.append(asyncio.create_task(viewer.look()))
        # A gateway begins with a hundred requests at once and refuses the rest for a second.
        await asyncio.sleep(CONNECT_EVERY_S)
    while not all(viewer.events for viewer in viewers):  # noqa: ASYNC110 - they have no event
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    await lines.read()
    for task in looking:
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    found = [{"events": viewer.events, "bytes": viewer.bytes, "seen": viewer.seen} for viewer in viewers]
    print(json.dumps(found), flush=True)


def main() -> None:
    """Look until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console_viewers", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    # They stand for browsers on other machines: they must not take the cores from who is measured.
    os.nice(LOWEST)
    asyncio.run(look(arguments.port))


if __name__ == "__main__":
    main()
