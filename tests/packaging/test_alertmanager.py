"""What Prometheus finds reaches people: with the configurations of the deployment, and real servers."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml

from relance.devstack import processes
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import PostedMessage
from tests.support.patience import PATIENCE_S
from tests.support.prometheus import DEPLOY, RULES, prometheus

CONFIG = DEPLOY / "alertmanager" / "alertmanager.yml"
READY_S = 60.0

pytestmark = pytest.mark.debian


@pytest.fixture
async def alertmanager(tmp_path: Path, chat_http: str, chat: Chat) -> AsyncIterator[str]:
    """The address of a running Alertmanager whose receiver is our chat; `chat` is empty when it starts."""
    (tmp_path / "slack_url").write_text(f"{chat_http}/slack/operators")
    config = yaml.safe_load(CONFIG.read_text())
    [slack] = config["receivers"][0]["slack_configs"]
    assert slack["api_url_file"] == "/tmp/slack_url"
    slack["api_url_file"] = str(tmp_path / "slack_url")
    config["route"]["group_interval"] = "1s"
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
    address = f"{processes.HOST}:{processes.free_port()}"
    command = [
        "prometheus-alertmanager",
        f"--config.file={tmp_path}/alertmanager.yml",
        f"--storage.path={tmp_path}/alertmanager",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    server = processes.start("alertmanager", command, tmp_path / "alertmanager.log")
    try:
        await server.ready(_answers(address), READY_S)
        yield address
    finally:
        await server.stop()


async def _answers(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as browser:
        while True:
            try:
                if (await browser.get(f"http://{address}/-/ready")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


def test_the_configuration_is_one_that_alertmanager_takes() -> None:
    done = subprocess.run(
        ["amtool", "check-config", str(CONFIG)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_is_inhibited_are_rules_that_exist() -> None:
    rules = {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
    for inhibition in yaml.safe_load(CONFIG.read_text())["inhibit_rules"]:
        for matcher in (*inhibition["source_matchers"], *inhibition["target_matchers"]):
            assert set(matcher.partition("=")[2].strip('~"').split("|")) <= rules


def test_prometheus_tells_the_service_of_docker_compose_and_both_write_to_the_same_chat() -> None:
    services = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    [told] = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    host, _, port = told.partition(":")
    assert f"127.0.0.1:{port}:{port}" in services[host]["ports"]
    assert services[host]["environment"]["SLACK_URL"] == "${RELANCE_CHANNELS__SLACK_URL:-}"
    [script] = services[host]["command"]
    assert "/tmp/slack_url" in script


async def test_when_no_worker_answers_somebody_reads_so_in_the_chat(
    tmp_path: Path, alertmanager: str, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = "1s"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    monkeypatch.setattr("tests.support.prometheus.RULES", tmp_path / "rules.yml")
    nobody = f"http://{processes.HOST}:{processes.free_port()}/metrics"
    async with prometheus(tmp_path, nobody, alertmanager):
        message = await _first(chat)
    assert message.path == "/slack/operators"
    assert "CRITICAL: NoWorker" in message.raw
    assert "nothing is sent and nothing is checked" in message.raw
    assert "docs/incidents.md#noworker" in message.raw


async def _first(chat: Chat) -> PostedMessage:
    async with asyncio.timeout(2 * PATIENCE_S):
        while True:
            for message in await chat.messages():
                if "NoWorker" in message.raw:
                    return message
            await asyncio.sleep(0.2)
