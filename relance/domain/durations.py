"""Durations as people say them, in one unit."""

from __future__ import annotations

from datetime import timedelta

from relance.domain.sentences import Sentence


def span(time: timedelta) -> Sentence:
    """Return a duration in words: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = max(0, int(time.total_seconds()))
    if seconds < 120:
        return Sentence("{count} s", count=seconds)
    if seconds < 7200:
        return Sentence("{count} min", count=seconds // 60)
    if seconds < 172_800:
        return Sentence("{count} h", count=seconds // 3600)
    return Sentence("{count} days", count=seconds // 86_400)


def ago(time: timedelta) -> Sentence:
    """Return how long ago something was: `12 min ago`."""
    return Sentence("{span} ago", span=span(time))
