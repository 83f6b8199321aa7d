"""The words of one language, as data; `english` and `french` fill it in.

Templates name their blanks (`count`, `threshold`, `days`, ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.alerts.delivery import NotificationKind
from relance.wording.alerts.figures import Figures, Forms
from relance.wording.alerts.health import HealthWords
from relance.wording.alerts.nouns import Nouns


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that is said, in one language."""

    code: str
    figures: Figures
    nouns: Nouns
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
    default_lp: Forms
    paused_partner: Forms
    no_data: Forms
    cycle_imbalance: Forms
    cycle_stopped: Forms
    cycle_left: Forms
    cycle_waves: Forms
    plans_unreadable: Forms
    too_late: Forms
    nobody: Forms
    send_times: Forms
    everflow_down: Forms
    job_missed: Forms
    reconciliation: Forms
    other: Forms
    resolved: Forms
    flapping: Forms
    digest: Forms
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
    reconciled: Mapping[str, Forms]
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
