"""Alerts that explain others away: while the cause is open, its consequences are not told (SPEC A3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from relance.domain.alerts.model import Rule

INHIBITS: Mapping[str, frozenset[str]] = {
    Rule.EVERFLOW_DOWN: frozenset({Rule.DEFAULT_LP, Rule.PAUSED_PARTNER, Rule.NO_DATA}),
    # Without workers nothing gets done, and without a relay no reminder goes out.
    Rule.WORKERS: frozenset({Rule.QUEUES, Rule.OVERDUE, Rule.OUTBOX}),
    Rule.MAIL_RELAY: frozenset({Rule.OVERDUE}),
    Rule.JOB_MISSED: frozenset({Rule.JOB_RUNS}),
    Rule.RECONCILIATION: frozenset({Rule.FOLLOW_UPS}),
}


def inhibitor(rule: str, open_rules: Collection[str]) -> str | None:
    """Return the open rule that explains this one away, if there is one."""
    return next((cause for cause, rules in INHIBITS.items() if rule in rules and cause in open_rules), None)


def inhibited_rules(cause: str) -> frozenset[str]:
    """Return the rules whose groups are to be told when this one opens or resolves."""
    return INHIBITS.get(cause, frozenset())
