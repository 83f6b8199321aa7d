"""English."""

from __future__ import annotations

from relance.domain.alert_wording.figures import ENGLISH as FIGURES
from relance.domain.alert_wording.words import Words
from relance.domain.alerts.due import Telling
from relance.domain.alerts.model import Rule

ENGLISH = Words(
    code="en",
    figures=FIGURES,
    quoted='"{text}"',
    partner="partner {name}",
    rules={
        Rule.DEFAULT_LP: "Default LP",
        Rule.PAUSED_PARTNER: "Paused Partner",
        Rule.NO_DATA: "No Data",
        Rule.EVERFLOW_DOWN: "Everflow Down",
        Rule.CYCLE_IMBALANCE: "Cycle Imbalance",
    },
    alert="{rule} Alert",
    titles={
        Telling.FIRING: "{alert}",
        Telling.WORSENED: "{alert}: worse",
        Telling.REPEAT: "{alert}: still open",
        Telling.ESCALATION: "{alert}: nobody has answered",
        Telling.FLAPPING: "{rule}: comes and goes",
        Telling.RESOLVED: "{rule}: resolved",
        Telling.DIGEST: "{rule}: daily digest",
    },
    prefaces={
        Telling.WORSENED: "This got worse since I last wrote.",
        Telling.REPEAT: "This has been open since {time}.",
        Telling.ESCALATION: "Nobody has acknowledged this yet; it has been open since {time}.",
    },
    detected="I detected a potential issue during my {part} check: {found}.",
    parts_of_day=("morning", "afternoon", "evening"),
    yesterday="yesterday",
    on_day="on {day}",
    from_to="from {days}",
    default_lp=(
        "{count} landing page named {match} took more than {threshold} clicks {days}",
        "{count} landing pages named {match} took more than {threshold} clicks {days}",
    ),
    paused_partner=(
        "{count} partner earned over {threshold} less {days} than in the same days a week earlier",
        "{count} partners earned over {threshold} less {days} than in the same days a week earlier",
    ),
    no_data=(
        "I could not complete the {check} check{days}: {reason}. This is not an all-clear",
        "I could not complete {count} checks. This is not an all-clear",
    ),
    cycle_imbalance=(
        "the count of one cycle does not add up: invitations are missing or counted twice",
        "the counts of {count} cycles do not add up: invitations are missing or counted twice",
    ),
    everflow_down=(
        "Everflow does not answer, so its checks are on hold",
        "Everflow does not answer, so its checks are on hold",
    ),
    other=("{count} finding needs a look", "{count} findings need a look"),
    resolved=("This is over. Nothing is left to do.", "These {count} are over. Nothing is left to do."),
    flapping=(
        "This keeps coming and going. I will write less often until it settles.",
        "These {count} keep coming and going. I will write less often until they settle.",
    ),
    digest=("{count} thing of low priority since my last digest.",
            "{count} things of low priority since my last digest."),
    clicks=("{count} click", "{count} clicks"),
    account="account {status}",
    statuses={"active": "active", "inactive": "inactive", "pending": "pending", "suspended": "suspended"},
    reasons={
        "missed": "no worker was there in time",
        "error": "the check itself failed",
        "unavailable": "Everflow did not answer",
        "refused": "Everflow refused the request",
        "unreadable": "the answer could not be read",
        "too_large": "the answer was too large",
        "error_body": "Everflow answered with an error",
        "shape": "the answer is not a report",
        "columns": "the report has other columns than asked for",
        "value": "the report holds a figure that cannot be read",
        "truncated": "the report was cut off",
        "repeated": "the report repeats rows",
        "dates": "the report is about other days",
        "days": "the report lacks a day",
        "totals": "rows are missing from the report",
    },
    unknown_reason="the report cannot be relied on",
    cycle_row="cycle {period} · {eligible} eligible · {accounted} accounted for · difference {difference}",
    value="{value} (limit {threshold})",
    after="after {duration}",
    over="over",
    offer="Would you like me to provide more details?",
    details="Details: {rule}",
    detail_rule="Rule: {rule}, severity {severity}",
    detail_threshold="Threshold: more than {threshold}",
    detail_window="Days looked at: {days}, {zone} ({start} – {end} UTC)",
    detail_baseline="Compared with: {days}, {zone} ({start} – {end} UTC)",
    detail_since="Open since: {time} ({utc} UTC)",
    detail_repeat="Next reminder: {time}",
    detail_ack="To take it on: starter.py alerts ack {key}",
    detail_silence="To silence it: starter.py alerts silence {key} --for 4h --reason \"...\"",
    detail_more="… and {count} more: starter.py alerts list",
    chart_title="Revenue by partner",
    chart_part="Revenue by partner: the {shown} largest drops of {count}",
)  # fmt: skip
