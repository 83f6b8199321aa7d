"""Licences, SBOM and images: what `make check` and `make sbom` look at."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
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


DOCKER = """#!/bin/sh
[ "$4" = "$REFUSED" ] && echo "unauthorized" >&2 && exit 1
printf 'sha256:%s\n' "$(printf %s "$4" | sha256sum | cut -d ' ' -f 1)"
"""


@pytest.fixture
def deployment(tmp_path: Path, supply: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that name images, and a `docker` that knows a digest for each."""
    for name in ("docker-compose.yml", "Dockerfile", "deploy/images.toml", "bin/docker"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(DOCKER if name == "bin/docker" else (ROOT / name).read_text())
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(supply, "ROOT", tmp_path)
    return tmp_path


def images_of(folder: Path) -> list[str]:
    text = (folder / "docker-compose.yml").read_text() + (folder / "Dockerfile").read_text()
    found = re.findall(r"^(?: *image: |FROM )(\S+)", text, flags=re.MULTILINE)
    return [image for image in found if not image.startswith("relance:")]


def test_one_command_pins_each_image_by_its_digest_wherever_it_is_named(supply: ModuleType, deployment: Path) -> None:
    before = images_of(deployment)
    for _ in range(2):
        assert supply.main(["pin"]) == 0
    digests = [f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in before]
    assert images_of(deployment) == [f"{name}@{digest}" for name, digest in zip(before, digests, strict=True)]
    assert supply.listed_images() == dict(zip(before, digests, strict=True))
    assert list(supply.wrong_images()) == []
    (deployment / "Dockerfile").write_text((deployment / "Dockerfile").read_text().replace("sha256:", "sha256:0"))
    assert all("has another digest" in line for line in supply.wrong_images())


def test_where_a_registry_names_no_digest_nothing_is_pinned(
    supply: ModuleType, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = images_of(deployment)
    monkeypatch.setenv("REFUSED", before[-1])
    with pytest.raises(SystemExit, match=f"{before[-1]}: its registry names no digest; nothing was changed: unauth"):
        supply.main(["pin"])
    assert images_of(deployment) == before


def test_the_image_names_version_and_licence() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', (ROOT / "Dockerfile").read_text()))
    assert labels["version"] == __version__
    assert labels["licenses"] == "Apache-2.0"
