"""The small deployment, as docker-compose itself reads it. Nothing is started: no engine is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance import __version__
from tests.support.keys import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
DEMANDED = {
    "POSTGRES_PASSWORD": "for-a-test-only",
    **ENVIRONMENT,
    "RELANCE_MAIL__SENDER_ADDRESS": "a@relance.test",
    "RELANCE_MAIL__BOUNCE_DOMAIN": "bounces.relance.test",
    "RELANCE_MAIL__MESSAGE_ID_DOMAIN": "relance.test",
    "RELANCE_MAIL__LINK_BASE": "https://relance.test",
}
ONE_SHOT = {"mongo-init", "bootstrap"}

pytestmark = pytest.mark.debian


def _config(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "docker-compose.yml", folder)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    command = ["docker-compose", "--file", str(folder / "docker-compose.yml"), "config"]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    done = _config(tmp_path_factory.mktemp("compose"), DEMANDED)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = yaml.safe_load(done.stdout)["services"]
    return found


def test_every_published_port_is_bound_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) >= 4
    for port in ports:
        host = port.get("host_ip") if isinstance(port, dict) else str(port).split(":")[0]
        assert host == "127.0.0.1"


def test_every_image_is_pinned_to_a_version(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", service["image"]), service["image"]
    assert services["worker"]["image"] == f"relance:{__version__}"
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert {re.sub(r"\d+", "9", base) for base in bases} == {"python:9.9.9-slim-bookworm"}


def test_what_keeps_running_is_watched_and_what_runs_once_is_not_restarted(
    services: dict[str, dict[str, Any]],
) -> None:
    assert services.keys() > ONE_SHOT
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0] == "CMD"


def test_every_container_has_a_memory_limit_and_a_worker_half_a_gigabyte(services: dict[str, dict[str, Any]]) -> None:
    assert all("mem_limit" in service for service in services.values())
    assert services["worker"]["mem_limit"] in {"512m", 512 * 1024**2, str(512 * 1024**2)}


def test_a_worker_starts_only_after_the_bootstrap_succeeded(services: dict[str, dict[str, Any]]) -> None:
    assert services["worker"]["depends_on"]["bootstrap"]["condition"] == "service_completed_successfully"
    assert services["bootstrap"]["depends_on"]["temporal"]["condition"] == "service_healthy"


@pytest.mark.parametrize("missing", sorted(DEMANDED))
def test_without_a_secret_or_a_name_nothing_starts_and_the_message_names_it(tmp_path: Path, missing: str) -> None:
    done = _config(tmp_path, {name: value for name, value in DEMANDED.items() if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def test_the_image_runs_without_privileges_and_without_an_installer() -> None:
    final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert re.search(r"^USER 10001", final, flags=re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "pip uninstall" in final
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text()
