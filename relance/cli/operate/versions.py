"""`versions`: which version of the worker runs go to, where worker versioning is on (docs/versioning.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from relance.cli.base.command import Run, command
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, table
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.temporal import versions as deployed

BuildIdArgument = Annotated[str, typer.Argument(help="Which version, see `versions list`.", metavar="BUILD_ID")]


async def list_(run: Run) -> Answer:
    """List the versions of the worker that the server knows, the newest first, and which one is current.

    Exit code 0. Empty as long as no worker runs with RELANCE_WORKER__VERSIONING=true.
    """
    lines = await deployed.versions(await run.temporal())
    rows = [(line.build_id, line.state, line.since) for line in lines]
    data = {"versions": [asdict(line) for line in lines]}
    return Answer(data, table("Versions of the worker", ("build id", "state", "since"), rows))


async def promote(run: Run, build_id: BuildIdArgument, *, yes: YesOption = False) -> Answer:
    """Make a version the current one: new runs begin there, all but waves under way move there. Asks first."""
    confirm(run, f"every run but the waves under way moves to version {build_id} with its next task", yes=yes)
    await deployed.promote(await run.temporal(), build_id)
    sentence = f"{build_id} is the current version. Keep the workers of the one before until `versions drain` says so."
    return Answer({"build_id": build_id, "done": "promoted"}, sentence)


async def drain(run: Run, build_id: BuildIdArgument) -> Answer:
    """Say whether the workers of a version may be stopped: whether no wave is left that began under it.

    Exit code 0: they may, 1: not yet.
    """
    state = await deployed.state_of(await run.temporal(), build_id)
    done = state == deployed.DRAINED
    sentence = f"{build_id} is drained: stop its workers." if done else f"{build_id} is {state}: keep its workers."
    return Answer({"build_id": build_id, "state": state, "drained": done}, sentence, DONE if done else JOB_FAILED)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The versions of the worker, where worker versioning is on.")
    command(group, "list", "starter.py versions list --json")(list_)
    command(group, "promote", "starter.py versions promote 0.2.0 --yes")(promote)
    command(group, "drain", "starter.py versions drain 0.1.0")(drain)
    app.add_typer(group, name="versions")
