"""`python -m tests.upgrade [--json] [--users 500]`: asleep under one version, finished by the other.

Exit code 0: all is right, 1: something is not, 3: the release before is not in this clone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from relance.devstack.stack import Stack
from relance.runtime.process_exit import terminate
from tests.upgrade.releases import BEFORE, NoSuchRelease, commit_of, release_before, this_release
from tests.upgrade.scenario import Crossing, cross

UNREACHABLE = 3


async def run(commit: str, users: int) -> list[Crossing]:
    """Cross from the release before to this tree, and back."""
    with tempfile.TemporaryDirectory(prefix="relance-upgrade-") as folder:
        before, current = release_before(commit, Path(folder)), this_release(Path(folder))
        async with Stack(Path(folder) / "stack") as stack:
            forward = await cross(stack, "upgrade_forward", before, current, users)
            return [forward, await cross(stack, "upgrade_back", current, before, users)]


def main(arguments: Sequence[str]) -> int:
    """Run it, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--from", dest="before", help="commit or tag of the release before")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        commit = commit_of([asked.before] if asked.before else BEFORE)
    except NoSuchRelease as missing:
        print(json.dumps({"error": str(missing)}) if asked.json else str(missing))
        return UNREACHABLE
    crossings = asyncio.run(run(commit, asked.users))
    right = all(crossing.is_right for crossing in crossings)
    if asked.json:
        print(json.dumps({"right": right, "crossings": [crossing.data() for crossing in crossings]}))
    else:
        for crossing in crossings:
            words = "; ".join(crossing.problems) or f"{crossing.finished_right} of {crossing.follow_ups} right"
            print(f"{crossing.started_by} -> {crossing.finished_by}: {words}")
    return 0 if right else 1


if __name__ == "__main__":
    terminate(main(sys.argv[1:]))
