"""What import-linter cannot say about the layout: where files are, what they are called, how long they are."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from tests.architecture.sources import ROOT, classes, is_protocol, modules

LOOSE = {"__init__.py", "concurrency.py", "errors.py", "failures.py", "ids.py"}
"""The only modules directly under `relance/`: everything else belongs to a layer."""

LONGEST = 300
"""Lines of a module."""

WITHOUT_ADAPTER = {"telemetry": "the clock is `adapters/clock.py`, the meter `runtime/metrics.py`"}
"""Port files without an adapter file or folder of their name, and why."""

ELSEWHERE = {
    "MongoArchive": "archive.py",
    "MongoChanges": "changes.py",
    "MongoCompensations": "compensations.py",
    "MongoEffectiveness": "effectiveness.py",
    "MongoSuppressions": "suppressions.py",
    "MongoWorks": "console_work.py",
}
"""Adapters whose port's file has several and would be too long with them."""

SERVES_NO_PORT = {"MongoServerStatus", "MongoQuarantine"}
"""The probes' own look at the server, and the quarantine whose port is served by `recheck.py`."""


def ports() -> dict[str, str]:
    """Return the port file by port."""
    folder = Path("relance/ports")
    return {
        node.name: path.stem
        for path in modules()
        if path.parent == folder
        for node in classes(path)
        if is_protocol(node)
    }


def test_no_module_is_loose() -> None:
    assert {path.name for path in (ROOT / "relance").glob("*.py")} == LOOSE


def test_a_file_beside_the_common_ones_is_a_workflow() -> None:
    for path in modules():
        if path.parent == Path("workflows") and path.name not in {"__init__.py", "registry.py"}:
            assert "@workflow.defn" in (ROOT / path).read_text(), f"{path} belongs to workflows/common/"


def test_a_port_file_has_an_adapter_file_of_its_name() -> None:
    layers = {"adapters", "temporal", "rendering"}
    parts = [path.with_suffix("").parts for path in modules() if path.parts[:1] == ("relance",)]
    adapters = {name for where in parts if where[1] in layers for name in where[2:]}
    assert set(ports().values()) - adapters == WITHOUT_ADAPTER.keys()


def test_an_adapter_of_mongodb_is_in_the_file_named_like_its_ports_file() -> None:
    where, folder = ports(), Path("relance/adapters/mongo")
    for path in modules():
        for node in classes(path) if path.parent == folder else ():
            if not node.name.startswith("Mongo") or node.name in SERVES_NO_PORT:
                continue
            file = ELSEWHERE.get(node.name, f"{where[node.name.removeprefix('Mongo')]}.py")
            assert path.name == file, f"{node.name} belongs to {file}"


def test_nobody_but_the_adapters_of_mongodb_asks_its_driver() -> None:
    folder = Path("relance/adapters/mongo")
    drivers = re.compile(r"\b(data|database|db|opened|open_\.database)\.raw\b")
    assert not [str(path) for path in modules() if path.parent != folder and drivers.search((ROOT / path).read_text())]


def test_a_class_name_stands_for_one_thing() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in classes(path):
            found[node.name].append(str(path))
    assert not {name: places for name, places in found.items() if len(places) > 1}


def test_no_module_is_too_long() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules()}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST}
