"""Licences, SBOM and images: what `make check` and `make sbom` look at."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from relance import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def supply() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply", ROOT / "deploy" / "supply.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_package_of_a_worker_may_be_part_of_it(supply: ModuleType) -> None:
    assert len(supply.pinned()) > 50
    assert list(supply.wrong_licences()) == []
    assert list(supply.wrong_images()) == []


def test_a_package_under_another_licence_is_named(supply: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "READ", {"dkimpy": "GPL-3.0-only", "protobuf": ""})
    wrong = list(supply.wrong_licences())
    assert any(line.startswith("dkimpy: GPL-3.0-only is not in ALLOWED") for line in wrong)
    assert any(line.startswith("protobuf: names no licence") for line in wrong)


def test_the_sbom_names_each_package_with_hashes_and_a_licence(tmp_path: Path, supply: ModuleType) -> None:
    files = [tmp_path / "first.json", tmp_path / "second.json"]
    for file in files:
        subprocess.run([sys.executable, ROOT / "deploy" / "supply.py", "sbom", file], check=True, timeout=100)
    assert files[0].read_bytes() == files[1].read_bytes()
    found = json.loads(files[0].read_text())
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "relance")
    components = {component["name"]: component for component in found["components"]}
    here = supply.pinned()
    assert here.keys() <= components.keys()
    for name, version in here.items():
        assert components[name]["version"] == version
        assert components[name]["hashes"]
        assert components[name]["licenses"], name


def test_the_image_names_version_and_licence() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', (ROOT / "Dockerfile").read_text()))
    assert labels["version"] == __version__
    assert labels["licenses"] == "Apache-2.0"
