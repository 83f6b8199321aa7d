"""Judges one run from what people were told, the stored alerts, the job runs and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from relance.contracts.names import CheckName
from relance.devstack.chat.models import PostedMessage
from tests.faults.everflow.truth import Row

BUSINESS = frozenset({"default-lp", "paused-partner"})
ABOUT_DATA = frozenset({"no-data", "everflow-down"})
_LABELS = {CheckName.DEFAULT_LP: ("offer", "partner", "landing_page"), CheckName.PAUSED_PARTNER: ("partner",)}


class Outcome(StrEnum):
    """How a run may end: with the truth told, or with people told that there is no data."""

    RETRIED_SUCCESS = "retried_success"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run left: messages of the chat, keys in the inbox, raw documents of alerts and job runs.

    `struck` is how often the fault happened.
    """

    chat: Sequence[PostedMessage]
    inbox: frozenset[str]
    alerts: Sequence[Mapping[str, Any]]
    job_runs: Sequence[Mapping[str, Any]]
    struck: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """`outcome` is None when people were told nothing they can rely on; `others` are further faults, in words."""

    outcome: Outcome | None
    false_alerts: tuple[str, ...]
    others: tuple[str, ...]
    reason: str = ""

    @property
    def missed(self) -> bool:
        """Whether neither the truth nor the lack of data was told."""
        return self.outcome is None


def judge(check: CheckName, owed: frozenset[Row], seen: Seen, *, stays: bool) -> Judgement:
    """Judge the run of a check that owes these rows, unless its data stays faulty."""
    true_rows = frozenset() if stays else owed
    told = [row for message in seen.chat if _group(message) in BUSINESS for row in _rows(message)]
    stored = [alert for alert in seen.alerts if alert["rule"] in BUSINESS]
    false_alerts = [f"told: {row}" for row in told if not any(_says(row, true) for true in true_rows)]
    false_alerts += [f"stored: {one['key']}" for one in stored if not any(_is(one, check, true) for true in true_rows)]
    without_data = [one for one in seen.alerts if one["rule"] == "no-data" and one["subject"] == check]
    return Judgement(
        outcome=_outcome(check, true_rows, seen, told, stored, without_data, stays=stays),
        false_alerts=tuple(false_alerts),
        others=tuple(_others(check, seen)),
        reason=str(without_data[0]["labels"]["reason"]) if without_data else "",
    )


def after_recovery(check: CheckName, owed: frozenset[Row], seen: Seen) -> list[str]:
    """Return what is wrong once the network was sound again, the check was run again and time has passed."""
    judged = judge(check, owed, seen, stays=False)
    told = [row for message in seen.chat if _group(message) in BUSINESS for row in _rows(message)]
    found = [f"after recovery {text}" for text in judged.false_alerts]
    found += [f"after recovery not told: {true}" for true in owed if not any(_says(row, true) for row in told)]
    still = [one["key"] for one in seen.alerts if one["rule"] in ABOUT_DATA and one["state"] != "resolved"]
    return found + [f"after recovery still open: {key}" for key in still]


def _outcome(
    check: CheckName,
    true_rows: frozenset[Row],
    seen: Seen,
    told: Sequence[str],
    stored: Sequence[Mapping[str, Any]],
    without_data: Sequence[Mapping[str, Any]],
    *,
    stays: bool,
) -> Outcome | None:
    if any(_group(message) in ABOUT_DATA for message in seen.chat):
        return Outcome.NO_DATA if without_data and all(one["state"] == "firing" for one in without_data) else None
    complete = all(
        any(_says(row, true) for row in told) and any(_is(alert, check, true) for alert in stored) for true in true_rows
    )
    done = [run["state"] for run in seen.job_runs] in (["ran"], ["late"])
    return Outcome.RETRIED_SUCCESS if complete and done and not stays and not without_data else None


def _others(check: CheckName, seen: Seen) -> list[str]:
    found = []
    if not seen.struck:
        found.append("the fault never happened")
    if [run["job"] for run in seen.job_runs] != [check]:
        found.append(f"{len(seen.job_runs)} job run records for one nominal time")
    if len(seen.chat) > 1:
        found.append(f"{len(seen.chat)} messages: {', '.join(message.key for message in seen.chat)}")
    if {message.key for message in seen.chat} != seen.inbox:
        found.append("the inbox has other messages than the chat")
    return found


def _group(message: PostedMessage) -> str:
    return message.key.split("/")[1]


def _rows(message: PostedMessage) -> list[str]:
    # The sentence names what it is about when there is but one.
    lines = str(message.body["text"]).splitlines()
    return [line.removeprefix("• ") for line in lines if line.startswith("• ")] or [lines[-1]]


def _says(row: str, true: Row) -> bool:
    return all(text in row for text in true)


def _is(alert: Mapping[str, Any], check: CheckName, true: Row) -> bool:
    labels = (alert["labels"][name] for name in _LABELS[check])
    return bool(alert["rule"] == check and all(label.strip('"') in " ".join(true) for label in labels))
