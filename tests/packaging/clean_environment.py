"""Environments with the wheel and the packages of a lock file and no others, used by somebody without privileges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOBODY = 65534


@dataclass(frozen=True)
class CleanEnvironment:
    """A virtual environment in a folder that everybody may read."""

    folder: Path

    def run(
        self, command: str, *arguments: str, environment: Mapping[str, str] | None = None, limit: float = 100
    ) -> subprocess.CompletedProcess[str]:
        """Run a console script from `/` with no environment but what is given; as `nobody` if we are root."""
        home = self.folder / "home"
        own = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home)}
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [self.folder / "bin" / command, *arguments],
            cwd="/",
            env={**own, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            **who,
        )


@contextmanager
def clean_environment(wheel: Path, packages: Sequence[str]) -> Iterator[CleanEnvironment]:
    """Install a wheel beside links to exactly these distributions of the running environment, with what they need."""
    # Not pytest's own folder, which is closed to others.
    folder = Path(tempfile.mkdtemp(prefix="relance-clean-"))
    try:
        folder.chmod(0o755)
        subprocess.run([_python(), "-m", "venv", "--without-pip", folder], check=True, timeout=60)
        (site,) = folder.glob("lib/python*/site-packages")
        for found in _closure(packages).values():
            _link(found, site)
        install: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            folder / "bin" / "python",
            "install",
            "--quiet",
            "--no-deps",
        ]
        subprocess.run([*install, "--no-index", "--no-compile", wheel], check=True, timeout=100)
        (folder / "home").mkdir()
        (folder / "home").chmod(0o777)
        yield CleanEnvironment(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _python() -> str:
    """Return an interpreter of our version that others may run as well: ours may be in somebody's home."""
    ours = Path(sys.executable).resolve()
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o005 == 0o005 for folder in ours.parents):
        return str(ours)
    return f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def _closure(packages: Sequence[str]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [Requirement(package) for package in packages]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found and not wanted.extras:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            # For another platform: nothing in use needs it here.
            continue
        extras = wanted.extras or {""}
        needs = [Requirement(text) for text in found[name].requires or []]
        waiting += [
            one for one in needs if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def _link(found: Distribution, site: Path) -> None:
    for file in found.files or []:
        top = file.parts[0]
        # Programs lie beside the interpreter, `../../../bin` from the packages.
        is_program = top == ".." and file.parent.name == "bin"
        target = site.parents[2] / "bin" / file.name if is_program else site / top
        if (is_program or top not in {"..", "__pycache__"}) and not target.exists() and not target.is_symlink():
            target.symlink_to(Path(str(found.locate_file(file if is_program else top))).resolve())
