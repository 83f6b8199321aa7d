"""Joins the signals that a group of alerts has received since its last step, where that means the same."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from relance.contracts.alerts import Decided, Inhibited, Sighted


def merged(news: Iterable[Sighted | Decided | Inhibited]) -> list[Sighted | Decided | Inhibited]:
    """Join firings that follow each other: one step for a thousand of them instead of a thousand steps."""
    merged: list[Sighted | Decided | Inhibited] = []
    for part in news:
        last = merged[-1] if merged else None
        if isinstance(last, Sighted) and isinstance(part, Sighted) and _only_fires(last) and _only_fires(part):
            merged[-1] = part.model_copy(
                update={"firings": last.firings + part.firings, "silenced": last.silenced + part.silenced}
            )
        else:
            merged.append(part)
    return merged


def _only_fires(news: Sighted) -> bool:
    return not news.whole and not news.gone and not news.observation
