"""A real Prometheus that scrapes a real worker: every panel and every rule asks for what there is."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.runtime.catalogue import METRICS
from tests.support.installation import ROOT, Installation
from tests.support.people import PERIOD, people
from tests.support.prometheus import RULES, prometheus

pytestmark = pytest.mark.debian

DEPLOY = ROOT / "deploy"
# Panels that any cycle with one refused mail fills.
DRAWN = (
    "Mails per second",
    "Share not accepted",
    "Wait for a claim",
    "Breakers",
    "Memory of workers",
    "Behind the planned instant",
    "Answer of the relay",
    "Wait for a worker",
    "Slots in use",
)
_NAME = re.compile(r"\b(?:relance|temporal)_[a-z_]+|\bup\b")


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def _panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "relance.json").read_text())["panels"]
    return found


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=60, check=False
    )


def _expressions() -> Iterable[str]:
    yield from (rule["expr"] for rule in _rules())
    yield from (target["expr"] for panel in _panels() for target in panel["targets"])


def _asked_by(title: str, interval: str) -> list[str]:
    (panel,) = [one for one in _panels() if one["title"] == title]
    return [f"({target['expr'].replace('$__rate_interval', interval)})" for target in panel["targets"]]


@pytest.mark.slow
async def test_every_panel_and_every_rule_asks_for_metrics_that_there_are(
    installation: Installation, mailbox: Mailbox, tmp_path: Path
) -> None:
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, recipient="u0c1@*", code=550, text="5.1.1 unknown"))
    await installation.load(*people(20, 5))
    worker = await installation.start_worker(environment={"RELANCE_MONITORING__METRICS_PORT": "0"})
    assert worker.metrics_url is not None
    async with prometheus(tmp_path, worker.metrics_url) as server:
        await server.has("relance_mails_total")
        result = await (await installation.start_cycle(PERIOD)).result()
        sent = await server.has(f'sum(relance_mails_total{{result="sent"}}) >= {result.sent}')
        assert float(sent[0]["value"][1]) == result.sent
        assert await server.has('relance_mails_total{result="failed",class="hard_recipient",provider="other"} == 1')

        for expression in _expressions():
            await server.query(expression.replace("$__rate_interval", "10s"))
        # A rate needs two scrapes that saw its series, and all counts of so small a cycle may come with one.
        for title in DRAWN:
            await server.has(" or ".join(_asked_by(title, "1m")))

        seen = await server.names()
        asked = {name for expression in _expressions() for name in _NAME.findall(expression)}
        ours = {metric.prometheus for metric in METRICS}
        unknown = {name for name in asked - seen if _base(name) not in ours and not _is_of_the_sdk(name)}
        assert unknown == set()
        firing = {one["metric"]["alertname"] for one in await server.query('ALERTS{alertstate="firing"}')}
        assert firing == set()


def _base(name: str) -> str:
    return re.sub(r"_(bucket|sum|count)$", "", name)


def _is_of_the_sdk(name: str) -> bool:
    """Tell whether the SDK has such a metric: those of failures only show when something fails."""
    base = _base(name).removeprefix("temporal_").removesuffix("_total")
    sdk = importlib.util.find_spec("temporalio.bridge.temporal_sdk_bridge")
    assert sdk is not None
    return name.startswith("temporal_") and base.encode() in Path(str(sdk.origin)).read_bytes()


def test_promtool_accepts_the_rules_and_every_one_of_them_fires_and_stays_quiet() -> None:
    for arguments in (("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")):
        done = _promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((DEPLOY / "prometheus" / "rules_test.yml").read_text())["tests"]
    moments = [one for test in tests for one in test["alert_rule_test"]]
    names = {rule["alert"] for rule in _rules()}
    assert {one["alertname"] for one in moments if one.get("exp_alerts")} == names
    assert {one["alertname"] for one in moments if not one.get("exp_alerts")} == names


def test_every_rule_names_its_section_among_the_incidents() -> None:
    for rule in _rules():
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"docs/incidents.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "high", "medium", "low"}
