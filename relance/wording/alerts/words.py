"""The words of one language, as data; `english` and `french` fill it in.

Templates name their blanks (`count`, `threshold`, `days`, ...); each pair is singular and plural.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.alerts.delivery import NotificationKind
from relance.wording.alerts.figures import Figures
from relance.wording.alerts.health import HealthWords

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that is said, in one language."""

    code: str
    figures: Figures
    quoted: str
    partner: str
    rules: Mapping[str, str]
    alert: str
    titles: Mapping[NotificationKind, str]
    prefaces: Mapping[NotificationKind, str]
    detected: str
    parts_of_day: tuple[str, str, str]
    yesterday: str
    on_day: str
    from_to: str
    default_lp: Pair
    paused_partner: Pair
    no_data: Pair
    cycle_imbalance: Pair
    cycle_stopped: Pair
    cycle_left: Pair
    cycle_waves: Pair
    plans_unreadable: Pair
    too_late: Pair
    nobody: Pair
    send_times: Pair
    everflow_down: Pair
    job_missed: Pair
    reconciliation: Pair
    other: Pair
    resolved: Pair
    flapping: Pair
    digest: Pair
    clicks: Pair
    account: str
    statuses: Mapping[str, str]
    reasons: Mapping[str, str]
    unknown_reason: str
    cycle_row: str
    stopped_row: str
    stopped_fault: str
    unsent_row: str
    left_row: str
    waves_row: str
    unreadable_row: str
    too_late_row: str
    nobody_row: str
    send_times_row: str
    send_time_notes: Mapping[str, str]
    job_row: str
    job_states: Mapping[str, str]
    reconciled: Mapping[str, Pair]
    value: str
    after: str
    over: str
    offer: str
    details: str
    detail_rule: str
    detail_threshold: str
    detail_window: str
    detail_baseline: str
    detail_since: str
    detail_repeat: str
    detail_ack: str
    detail_silence: str
    detail_more: str
    runbook: str
    chart_title: str
    chart_part: str
    health: HealthWords
