"""The small deployment, as docker-compose itself reads it. Nothing is started: no engine is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance import __version__
from tests.support.deployment import mounts

ROOT = Path(__file__).resolve().parents[2]
DEMANDED = {
    "RELANCE_MAIL__SENDER_ADDRESS": "a@relance.test",
    "RELANCE_MAIL__BOUNCE_DOMAIN": "bounces.relance.test",
    "RELANCE_MAIL__MESSAGE_ID_DOMAIN": "relance.test",
    "RELANCE_MAIL__LINK_BASE": "https://relance.test",
}
ONE_SHOT = {"temporal-schema", "temporal-namespace", "mongo-init", "bootstrap", "starter"}
WORKERS = ("worker-invitations", "worker-mail", "worker-ops", "gateway")
ROOT_AT_FIRST = {"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}
"""What an image needs that begins as root and goes on as somebody else."""

pytestmark = pytest.mark.debian


def _config(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "docker-compose.yml", folder)
    (folder / "secrets").mkdir()
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    command = ["docker-compose", "--file", str(folder / "docker-compose.yml"), "--profile", "web"]
    command += ["--profile", "commands", "config"]
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
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = _config(tmp_path_factory.mktemp("compose"), DEMANDED)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)
    return found


@pytest.fixture(scope="module")
def services(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = config["services"]
    return found


def test_the_schema_of_compose_takes_the_file() -> None:
    checker = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(checker, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_published_port_is_bound_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) >= 4
    for port in ports:
        host = port.get("host_ip") if isinstance(port, dict) else str(port).split(":")[0]
        assert host == "127.0.0.1"


def test_every_image_is_pinned_to_a_version(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?(@sha256:\w{64})?$", service["image"]), service["image"]
    for name in WORKERS:
        assert services[name]["image"] == f"relance:{__version__}"
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert {re.sub(r"\d+", "9", base.partition("@")[0]) for base in bases} == {"python:9.9.9-slim-bookworm"}


def test_what_keeps_running_is_watched_and_what_runs_once_is_not_restarted(
    services: dict[str, dict[str, Any]],
) -> None:
    assert services.keys() > ONE_SHOT
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped"
            # The collector's image holds nothing to ask it with.
            assert name == "collector" or service["healthcheck"]["test"][0] == "CMD"


def test_every_container_has_limits_and_a_worker_half_a_gigabyte(services: dict[str, dict[str, Any]]) -> None:
    assert all({"mem_limit", "pids_limit"} <= service.keys() for service in services.values())
    for name in WORKERS:
        assert services[name]["mem_limit"] in {"512m", 512 * 1024**2, str(512 * 1024**2)}


def test_no_container_has_privileges_or_can_change_its_own_system(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", [])) == ROOT_AT_FIRST.get(name, set())
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged")
        # Temporal's Web UI writes its configuration when it starts.
        assert service["read_only"] or name == "temporal-ui", name


def test_no_password_is_in_the_environment_and_each_secret_is_made(config: dict[str, Any], tmp_path: Path) -> None:
    for name, service in config["services"].items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search(r"(PASSWORD|PWD|_KEY|COOKIE_SECRET|CLIENT_SECRET)$", variable)
            assert not secret or value == "/run/tls/own", (name, variable)
    subprocess.run([ROOT / "deploy" / "secrets.sh", tmp_path / "secrets"], check=True, timeout=30)
    # The authority's key is for signing alone: no container gets it.
    made = {file.name for file in (tmp_path / "secrets").iterdir()} - {"tls_authority_key"}
    assert made == set(config["secrets"])
    assert {secret["file"].rpartition("/")[2] for secret in config["secrets"].values()} == made


def test_a_worker_gets_the_secrets_that_are_settings_and_its_certificate_and_no_other() -> None:
    settings = {"RELANCE_MONGO__URI", "RELANCE_PRIVACY__SUPPRESSION_KEY", "RELANCE_PRIVACY__LINK_KEY"}
    for name in WORKERS:
        given = mounts(name)
        assert {place for place in given if place.startswith("/run/secrets/")} == {
            f"/run/secrets/{setting}" for setting in settings
        }
        assert set(given.values()) == settings | {"tls_authority", "tls_relance"}


def test_nobody_leaves_a_core_dump_with_what_was_in_memory(services: dict[str, dict[str, Any]]) -> None:
    assert {str(service["ulimits"]["core"]) for service in services.values()} == {"0"}


def test_every_file_that_a_variable_names_is_mounted(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        named = {value for value in service.get("environment", {}).values() if str(value).startswith("/run/tls/")}
        assert not named or named <= mounts(name).keys(), name


def test_temporal_and_its_web_ui_speak_to_nobody_in_the_open(services: dict[str, dict[str, Any]]) -> None:
    server, ui = services["temporal"]["environment"], services["temporal-ui"]["environment"]
    assert server["TEMPORAL_TLS_REQUIRE_CLIENT_AUTH"] == "true"
    for part in ("SERVER", "FRONTEND"):
        assert server[f"TEMPORAL_TLS_{part}_CERT"] == server[f"TEMPORAL_TLS_{part}_KEY"] == "/run/tls/own"
    assert {server["TEMPORAL_TLS_INTERNODE_SERVER_NAME"], server["TEMPORAL_TLS_FRONTEND_SERVER_NAME"]} == {"temporal"}
    assert yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamic.yaml").read_text()) == {
        "system.enableRingpopTLS": [{"value": True}]
    }
    assert ui["TEMPORAL_TLS_ENABLE_HOST_VERIFICATION"] == "true"
    assert ui["TEMPORAL_UI_SERVER_TLS_CERT"] == ui["TEMPORAL_UI_SERVER_TLS_KEY"] == "/run/tls/own"
    assert services["web-sign-in"]["environment"]["OAUTH2_PROXY_UPSTREAMS"] == "https://temporal-ui:8080"
    beside = {name for name, service in services.items() if {"web", "temporal-web"} & set(service["networks"])}
    assert beside == {"temporal", "temporal-ui", "web-sign-in"}


def test_secrets_are_private_and_stay_when_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    said = [
        subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True, timeout=30, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(said[0].stdout.splitlines()) == len(list(folder.iterdir()))
    assert said[1].stdout == ""
    assert len((folder / "RELANCE_PRIVACY__LINK_KEY").read_text()) == 48
    password = (folder / "mongo_relance_password").read_text()
    assert f":{password}@" in (folder / "RELANCE_MONGO__URI").read_text()


def test_databases_are_in_networks_that_lead_nowhere_else(config: dict[str, Any]) -> None:
    inside = {name for name, network in config["networks"].items() if network.get("internal")}
    assert inside == {"temporal-data", "temporal", "temporal-web", "mongo", "monitoring", "web"}
    services = config["services"]
    for name in ("postgres", "temporal", "temporal-ui", "mongo"):
        assert set(services[name]["networks"]) <= inside
        assert not services[name].get("ports")
    assert set(services["web-sign-in"]["networks"]) == {"web", "outside"}


def test_each_image_is_listed_with_what_is_known_of_it(services: dict[str, dict[str, Any]]) -> None:
    listed = tomllib.loads((ROOT / "deploy" / "images.toml").read_text())["image"]
    bases = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE))
    used = {service["image"] for service in services.values() if not service["image"].startswith("relance:")} | bases
    assert {image["name"] for image in listed} == {image.partition("@")[0] for image in used}
    assert all(image["known_from"] for image in listed)


def test_a_worker_starts_only_after_the_bootstrap_succeeded(services: dict[str, dict[str, Any]]) -> None:
    for name in WORKERS:
        assert services[name]["depends_on"]["bootstrap"]["condition"] == "service_completed_successfully"
    for needed in ("temporal-namespace", "mongo-init"):
        assert services["bootstrap"]["depends_on"][needed]["condition"] == "service_completed_successfully"


def test_prometheus_asks_each_service_that_has_workers() -> None:
    jobs = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert {name for job in jobs for found in job["dns_sd_configs"] for name in found["names"]} == set(WORKERS)


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
