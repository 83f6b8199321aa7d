"""`python -m tests.upgrade [--json] [--users 500]`: asleep under one version, finished by the other; then side by side.

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
from tests.upgrade.releases import BEFORE, VERSIONED, NoSuchRelease, commit_of, release_before, this_release
from tests.upgrade.scenario import Crossing, cross
from tests.upgrade.side_by_side import SideBySide, side_by_side

UNREACHABLE = 3
GOING_BACK = {"RELANCE_WORKER__LOCAL_STEPS": "false"}
"""What docs/versioning.md says to set for as long as one may want to go back."""


async def run(commit: str, versioned: str, users: int, *, crossing: bool) -> tuple[list[Crossing], list[SideBySide]]:
    """Cross from the release before to this tree, and back; then let this tree work beside each of two before it."""
    with tempfile.TemporaryDirectory(prefix="relance-upgrade-") as name:
        folder = Path(name)
        before, current = release_before(commit, folder), this_release(folder)
        async with Stack(folder / "stack") as stack:
            crossings = []
            if crossing:
                crossings.append(await cross(stack, "upgrade_forward", before, current, users))
                crossings.append(await cross(stack, "upgrade_back", current, before, users, GOING_BACK))
            known = release_before(versioned, folder)
            beside = [
                await side_by_side(stack, "upgrade_pinned", known, current, pinned=True),
                await side_by_side(stack, "upgrade_switched_on", before, current, pinned=False),
            ]
            return crossings, beside


def main(arguments: Sequence[str]) -> int:
    """Run it, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--from", dest="before", help="commit or tag of the release before")
    parser.add_argument("--side-by-side", action="store_true", help="this part alone")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        commit, versioned = commit_of([asked.before] if asked.before else BEFORE), commit_of(VERSIONED)
    except NoSuchRelease as missing:
        print(json.dumps({"error": str(missing)}) if asked.json else str(missing))
        return UNREACHABLE
    crossings, beside = asyncio.run(run(commit, versioned, asked.users, crossing=not asked.side_by_side))
    right = all([*(each.is_right for each in crossings), *(each.is_right for each in beside)])
    if asked.json:
        data = {"crossings": [each.data() for each in crossings], "side_by_side": [each.data() for each in beside]}
        print(json.dumps({"right": right, **data}))
    else:
        for crossing in crossings:
            words = "; ".join(crossing.problems) or f"{crossing.finished_right} of {crossing.follow_ups} right"
            print(f"{crossing.started_by} -> {crossing.finished_by}: {words}")
        for each in beside:
            words = "; ".join(each.problems) or f"{each.finished_right} entries right, {each.duplicates} duplicates"
            print(f"{each.first} beside {each.second}: {words}")
    return 0 if right else 1


if __name__ == "__main__":
    terminate(main(sys.argv[1:]))
