"""The wheel of the release before, and of this tree, each unpacked into a folder of its own."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

BEFORE: Sequence[str] = ("6e4d3bf49621257558d23e38717541bf0b5b2db2", "v0.1.0")
"""The release before: the commit that stands for it, else its tag; the first that this clone has counts."""

VERSIONED: Sequence[str] = ("72eeb27b6365c2307b3116ff8d85e98e1dbc65ef",)
"""A state since then whose workers can be told apart by the server (worker versioning)."""

LATER_SETTINGS = "RELANCE_CONSOLE__"
"""How those settings of the embedded stack begin that the release before does not know, and therefore refuses."""

BUILD_S = 300


class NoSuchRelease(Exception):
    """The history of this clone does not reach back to the release."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version whose `worker.py` lies in a folder, as its wheel has it."""

    name: str
    folder: Path

    @property
    def command(self) -> list[str]:
        """The command line of its worker: the folder of a script comes first on Python's path."""
        return [sys.executable, str(self.folder / "worker.py")]


def commit_of(names: Sequence[str] = BEFORE, root: Path = ROOT) -> str:
    """Return the commit of the first of these names that is there.

    Raises:
        NoSuchRelease: none is; says how to get it.
    """
    for name in names:
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.decode().strip()
    shallow = _git(root, "rev-parse", "--is-shallow-repository").stdout.decode().strip()
    fetch = "`git fetch --unshallow --tags`" if shallow == "true" else "`git fetch --tags`"
    lacking = f"this clone has none of {', '.join(names)}: its history is missing"
    raise NoSuchRelease(f"{lacking}; try {fetch}, or name another one with --from")


def release_before(commit: str, folder: Path, root: Path = ROOT) -> Release:
    """Build the wheel of a commit, away from the working tree."""
    archive = _git(root, "archive", "--format=tar", commit)
    archive.check_returncode()
    name = commit[:12]
    sources = folder / f"sources-{name}"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(sources, filter="data")
    return _built(name, sources, folder / name)


def this_release(folder: Path, root: Path = ROOT) -> Release:
    """Build the wheel of the working tree, as it is."""
    return _built("this tree", root, folder / "current")


def _built(name: str, sources: Path, folder: Path) -> Release:
    wheels = folder.with_name(f"{folder.name}-wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(sources)]
    subprocess.run(command, check=True, capture_output=True, timeout=BUILD_S)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return Release(f"{name} ({wheel.name.split('-')[1]})", folder)


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False, timeout=BUILD_S)
