"""What is sent to each workflow: every handler it has, with everything that makes no sense."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from relance.contracts.names import Signal, Workflow
from tests.faults.malformed_signals.terminal import Input

HANDLERS: Mapping[Workflow, tuple[Signal, ...]] = {
    Workflow.MONTHLY_CYCLE: (Signal.CONTROL,),
    Workflow.SEND_WAVE: (Signal.CONTROL,),
    Workflow.FOLLOW_UP: (Signal.EVENT, Signal.WAKE, Signal.STOP),
    Workflow.ALERT: (Signal.SIGHTED, Signal.DECIDED, Signal.INHIBITED, Signal.DETAILS),
    Workflow.ROLL_BACK: (),
}
"""`preferences_changed` is not among them: it takes nothing, and the SDK drops whatever comes with it."""

_FAR = "9999-12-31T00:00:00Z"
_LONG = "k" * 100_000
_ABSURD: Mapping[Signal, tuple[object, ...]] = {
    Signal.EVENT: (
        {"invitation_id": "none", "kind": "submitted", "at": "2026-11-05T17:00:00Z"},
        {"invitation_id": "2031-01.u1.c1", "kind": "opted_out", "at": _FAR},
    ),
    Signal.WAKE: (
        {"groups": [{"contacts": ["a"], "first": _FAR}]},
        {"groups": [{"contacts": [f"x{number}" for number in range(1000)], "first": "2026-11-05T17:00:00Z"}]},
    ),
    Signal.SIGHTED: (
        {"firings": [{"key": _LONG, "severity": "high"}]},
        {"firings": [{"key": "a", "severity": "high", "value": "1e-999999"}]},
        {"gone": [_LONG]},
    ),
    Signal.DECIDED: ({"keys": [_LONG]},),
    Signal.INHIBITED: ({"by": _LONG},),
    Signal.DETAILS: ({"keys": [_LONG]},),
}
"""It can be read, and its handler refuses it."""

_WRONG = ("null", "5", '["a"]', '{"at":"yesterday","keys":5,"invitation_id":7,"groups":1,"firings":"x","by":[]}')
_BYTES = (
    Input.raw(b"{not json", "martian/v1"),
    Input.raw(b"\x00\xff", "binary/plain"),
    Input.raw(b"\x00\xff", "binary/protobuf"),
    Input.raw(b"{not json", "binary/null"),
)
"""What claims to be JSON is looked at by the command line; `tests/workflows/malformed.py` sends such past it."""

_UNKNOWN = ("no-such-signal", "Control", "__temporal_other")


@dataclass(frozen=True, slots=True)
class Shot:
    """One signal that must be ignored."""

    name: str
    given: Input


def battery(workflow: Workflow, folder: Path) -> Iterator[Shot]:
    """Yield what is sent to one workflow; large inputs are files in `folder`."""
    oversized = folder / "oversized.json"
    oversized.write_text(json.dumps("x" * 1_500_000))
    for name in HANDLERS[workflow]:
        yield Shot(name, Input())
        yield Shot(name, Input.json("{}", "{}"))
        for given in (*map(Input.json, _WRONG), *_BYTES):
            yield Shot(name, given)
        if name is not Signal.STOP:
            # For a reason any text will do: it is cut.
            yield Shot(name, Input.file(oversized))
        for number, absurd in enumerate(_ABSURD.get(name, ())):
            path = folder / f"{name}-{number}.json"
            path.write_text(json.dumps(absurd))
            yield Shot(name, Input.file(path))
    for unknown in _UNKNOWN:
        for given in (Input(), Input.json("5"), Input.raw(b"{not json", "martian/v1")):
            yield Shot(unknown, given)
