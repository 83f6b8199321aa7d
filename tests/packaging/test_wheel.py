"""What is in the wheel, and that it is the same wherever it is built; `test_installed.py` runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("relance-*.whl")
    return built


def test_the_wheel_holds_the_code_with_its_templates_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "relance",
        "workflows",
        "activities",
        "composition",
        "worker.py",
        "starter.py",
    }
    templates = [path for path in (ROOT / "relance").rglob("*") if path.suffix in {".jinja", ".j2", ".html", ".txt"}]
    assert templates
    assert {str(path.relative_to(ROOT)) for path in templates} <= set(names)


def test_the_same_source_gives_the_same_wheel_wherever_and_whenever_it_is_built(wheel: Path, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere"
    parts = ("relance", "workflows", "activities", "composition")
    for part in parts:
        shutil.copytree(
            ROOT / part, source / part, copy_function=shutil.copy, ignore=shutil.ignore_patterns("__pycache__")
        )
    for part in ("worker.py", "starter.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / part, source)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, source)
    (again,) = tmp_path.glob("relance-*.whl")
    assert sha256(again.read_bytes()).hexdigest() == sha256(wheel.read_bytes()).hexdigest()


def test_the_wheel_says_under_which_licence_it_comes(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
    assert b"License-Expression: Apache-2.0" in files.read(metadata)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files.namelist())
