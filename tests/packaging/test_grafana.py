"""The dashboard against Grafana's own schema, as its SDK has it: fields it does not know would be lost in reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

DASHBOARD = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "relance.json"


@pytest.fixture
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def lost(written: object, read: object, place: str = "") -> Iterator[str]:
    """Yield where something was written that was not read, or read as something else."""
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            yield from lost(value, read.get(name), f"{place}.{name}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for number, pair in enumerate(zip(written, read, strict=True)):
            yield from lost(*pair, f"{place}[{number}]")
    elif written != read:
        yield place


def read_by_grafana(dashboard: dict[str, Any]) -> object:
    register_default_plugins()
    return json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))


def test_grafana_knows_every_field(dashboard: dict[str, Any]) -> None:
    assert len(dashboard["panels"]) > 10
    assert list(lost(dashboard, read_by_grafana(dashboard))) == []


def test_a_field_it_does_not_know_is_found(dashboard: dict[str, Any]) -> None:
    dashboard["panels"][0]["gridPosition"] = {"x": 0}
    dashboard["panels"][1]["targets"][0]["legend"] = "{{result}}"
    assert list(lost(dashboard, read_by_grafana(dashboard))) == [
        ".panels[0].gridPosition",
        ".panels[1].targets[0].legend",
    ]


def test_grafana_knows_every_unit(dashboard: dict[str, Any]) -> None:
    known = {value for value in vars(units).values() if isinstance(value, str)}
    used = {panel["fieldConfig"]["defaults"]["unit"] for panel in dashboard["panels"]}
    assert used <= known
