"""Faults that change what is asked or what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from relance.devstack.everflow.faults import (
    Cut,
    Fault,
    MissingRows,
    Quirks,
    Renamed,
    Stale,
    WrongShape,
    WrongZone,
)
from relance.devstack.everflow.questions import Question


def misheard(question: Question, faults: Sequence[Fault]) -> Question:
    """Return the question that is answered instead of the asked one."""
    for fault in faults:
        if isinstance(fault, Stale):
            shift = timedelta(days=fault.days)
            question = replace(question, first=question.first - shift, last=question.last - shift)
        elif isinstance(fault, WrongZone):
            question = replace(question, zone=fault.zone)
    return question


def table(rows: list[dict[str, Any]], faults: Sequence[Fault], limit: int) -> dict[str, Any]:
    """Return the answer that holds these rows, cut at the limit as the API cuts."""
    flagged, shape = True, ""
    for fault in faults:
        if isinstance(fault, MissingRows):
            rows = _without(rows, fault.partners)
        elif isinstance(fault, Renamed):
            rows = [_renamed(row, str(fault.partner), fault.name) for row in rows]
        elif isinstance(fault, Cut):
            limit, flagged = min(limit, fault.rows), fault.flagged
        elif isinstance(fault, WrongShape):
            shape = fault.shape
    answer: dict[str, Any] = {"table": rows[:limit]}
    if flagged:
        answer["incomplete_results"] = len(rows) > limit
    return _reshaped(answer, shape)


def quirky(value: Any) -> Any:
    """Return the same data, written as unkindly as JSON allows."""
    if isinstance(value, dict):
        odd = {key: quirky(inner) for key, inner in value.items()}
        return {**odd, "ctr": float("nan"), "new_key": {"a": None}} if "total_click" in odd else odd
    if isinstance(value, list):
        return [quirky(inner) for inner in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return float(value) if value % 2 else str(value)
    return value


def is_quirky(faults: Sequence[Fault]) -> bool:
    """Return whether the answer is to be written oddly."""
    return any(isinstance(fault, Quirks) for fault in faults)


def _without(rows: list[dict[str, Any]], partners: Sequence[int]) -> list[dict[str, Any]]:
    if not partners:
        return rows[1::2]
    ids = {str(partner) for partner in partners}
    return [row for row in rows if not any(_is(cell, "affiliate") and cell["id"] in ids for cell in row["columns"])]


def _renamed(row: dict[str, Any], partner: str, name: str) -> dict[str, Any]:
    cells = [
        {**cell, "label": name} if _is(cell, "affiliate") and cell["id"] == partner else cell for cell in row["columns"]
    ]
    return {**row, "columns": cells}


def _is(cell: dict[str, Any], kind: str) -> bool:
    return bool(cell["column_type"] == kind)


def _reshaped(answer: dict[str, Any], shape: str) -> dict[str, Any]:
    rows = answer["table"]
    match shape:
        case "flat":
            rows = [{f"{cell['column_type']}_name": cell["label"] for cell in row["columns"]} for row in rows]
        case "nested":
            rows = {"rows": rows}
        case "column_missing":
            rows = [{**row, "columns": row["columns"][1:]} for row in rows]
        case "column_extra":
            extra = {"column_type": "country", "id": "NL", "label": "Netherlands"}
            rows = [{**row, "columns": [*row["columns"], extra]} for row in rows]
        case "no_figures":
            rows = [{**row, "reporting": {}} for row in rows]
        case "repeated":
            rows = [*rows, *rows[:1]]
    return {**answer, "table": rows}
