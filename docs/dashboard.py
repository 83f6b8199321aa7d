"""The Grafana dashboard: its panels and their queries, written to `deploy/grafana/relance.json` by `generate.py`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, COLUMNS = 8, 7, 3
SOURCE = {"type": "prometheus", "uid": "prometheus"}


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, and how each of its series is called (`{{label}}`)."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart over time; `unit` is Grafana's name of it, `shows` says what to look for."""

    title: str
    unit: str
    shows: str
    queries: tuple[Query, ...]


def _quantiles(metric: str, by: str = "", where: str = "") -> tuple[Query, ...]:
    labels = f"le, {by}" if by else "le"
    rate = f"sum by ({labels}) (rate({metric}_bucket{where}[$__rate_interval]))"
    series = f" {{{{{by}}}}}" if by else ""
    return tuple(Query(f"histogram_quantile(0.{share}, {rate})", f"p{share}{series}") for share in ("50", "95"))


MAILS = "relance_mails_total"

PANELS: tuple[Panel, ...] = (
    Panel(
        "Mails per second",
        "ops",
        "How fast mails go out, by what became of them.",
        (Query(f"sum by (result) (rate({MAILS}[$__rate_interval]))", "{{result}}"),),
    ),
    Panel(
        "Share not accepted",
        "percentunit",
        "More than 1 % failed closes the error gate.",
        (
            Query(f'sum(rate({MAILS}{{result="failed"}}[5m])) / sum(rate({MAILS}[5m]))', "failed"),
            Query(f'sum(rate({MAILS}{{result="deferred"}}[5m])) / sum(rate({MAILS}[5m]))', "deferred"),
        ),
    ),
    Panel(
        "Mails per second by provider",
        "ops",
        "Which recipient provider is slow, or refuses us.",
        (Query(f"sum by (provider) (rate({MAILS}[$__rate_interval]))", "{{provider}}"),),
    ),
    Panel(
        "Answer of the relay",
        "s",
        "From handing a mail over to its acceptance.",
        _quantiles("relance_mail_duration_seconds"),
    ),
    Panel(
        "Behind the planned instant",
        "s",
        "How late invitations go out: pauses, outages and the queue are in it.",
        _quantiles("relance_mail_wait_seconds", where='{kind="invitation"}'),
    ),
    Panel(
        "Wait for a claim",
        "s",
        "MongoDB's share in the time per mail.",
        _quantiles("relance_claim_wait_seconds"),
    ),
    Panel(
        "One round trip of the ledger",
        "s",
        "The latency of MongoDB as sending sees it.",
        _quantiles("relance_ledger_group_duration_seconds"),
    ),
    Panel(
        "Errors by class",
        "ops",
        "docs/errors.md says what each class means.",
        (Query("sum by (class) (rate(relance_errors_total[$__rate_interval])) > 0", "{{class}}"),),
    ),
    Panel(
        "Breakers",
        "none",
        "0 closed, 1 half-open, 2 open.",
        (Query("max by (name) (relance_breaker_state)", "{{name}}"),),
    ),
    Panel(
        "Mails of unknown fate",
        "short",
        "Whose reply was lost, within the last hour.",
        (Query("sum by (outcome) (increase(relance_uncertain_total[1h]))", "{{outcome}}"),),
    ),
    Panel(
        "Reminders",
        "ops",
        "Sent, and not sent with the reason.",
        (
            Query(
                f'sum by (kind) (rate({MAILS}{{kind=~"first|second",result="sent"}}[$__rate_interval]))',
                "{{kind}} sent",
            ),
            Query("sum by (reason) (rate(relance_reminders_skipped_total[$__rate_interval]))", "{{reason}}"),
        ),
    ),
    Panel(
        "Follow-ups started per second",
        "ops",
        "Rises after the last mail of each wave.",
        (Query("sum(rate(relance_follow_ups_started_total[$__rate_interval]))", "follow-ups"),),
    ),
    Panel(
        "Job runs",
        "short",
        "Within the last hour; `failed` is an alert.",
        (Query("sum by (job_name, state) (increase(relance_job_runs_total[1h])) > 0", "{{job_name}} {{state}}"),),
    ),
    Panel(
        "Duration of jobs",
        "s",
        "The mean of the last hour; a job that slows down is watched by the performance watch, too.",
        (
            Query(
                "sum by (job_name) (rate(relance_job_duration_seconds_sum[1h])) "
                "/ sum by (job_name) (rate(relance_job_duration_seconds_count[1h]))",
                "{{job_name}}",
            ),
        ),
    ),
    Panel(
        "Health",
        "none",
        "Probes that are anything but healthy, and documents that cannot be read.",
        (
            Query('max by (probe, state) (relance_health{state!="healthy"})', "{{probe}} {{state}}"),
            Query("max by (collection) (relance_quarantine_documents) > 0", "unreadable {{collection}}"),
        ),
    ),
    Panel(
        "Alerts",
        "short",
        "Events of the last hour by rule.",
        (Query("sum by (rule, event) (increase(relance_alerts_total[1h])) > 0", "{{rule}} {{event}}"),),
    ),
    Panel(
        "Messages to channels",
        "short",
        "Tries of the last hour by their result.",
        (Query("sum by (channel, result) (increase(relance_alert_messages_total[1h])) > 0", "{{channel}} {{result}}"),),
    ),
    Panel(
        "Memory of workers",
        "bytes",
        "Below 512 MiB always; no growth from day to day.",
        (Query("relance_worker_rss_bytes", "{{instance}}"),),
    ),
    Panel(
        "Wait for a worker",
        "s",
        "From scheduling an activity to its start, by queue: too few workers, or too few slots.",
        _quantiles("temporal_activity_schedule_to_start_latency_seconds", by="task_queue"),
    ),
    Panel(
        "Wait of workflow tasks",
        "s",
        "The same of workflow tasks; on the queue of the mails: reminders that are due together.",
        _quantiles("temporal_workflow_task_schedule_to_start_latency_seconds", by="task_queue"),
    ),
    Panel(
        "Slots in use",
        "short",
        "Activities and workflow tasks under way.",
        (Query("sum by (worker_type) (temporal_worker_task_slots_used)", "{{worker_type}}"),),
    ),
    Panel(
        "Workflow tasks that fail",
        "short",
        "Within ten minutes, by workflow: code that fails or does not fit its history.",
        (
            Query(
                "sum by (workflow_type) (increase(temporal_workflow_task_execution_failed_total[10m]))",
                "{{workflow_type}}",
            ),
        ),
    ),
)


def dashboard() -> str:
    """Return the dashboard as Grafana imports it."""
    board: dict[str, Any] = {
        "uid": "relance",
        "title": "Relance",
        "tags": ["relance"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.shows,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query.expr, "legendFormat": query.legend}
            for place, query in enumerate(panel.queries)
        ],
    }
