"""A cycle at one moment, in the words of the command line."""

from __future__ import annotations

from relance.cli.base.output import cell
from relance.services.cycle_snapshot import Snapshot


def stage_words(now: Snapshot) -> str:
    """Return what the workflow does, in a word or two."""
    if now.progress is None:
        return "no answer from the workflow"
    coming = now.progress.next_wave
    if not now.progress.current_waves and coming is not None and now.progress.stage == "waiting":
        return f"waiting for {cell(coming)}"
    return now.progress.stage


def wave_words(now: Snapshot) -> str:
    """Return which wave is being sent; empty if none is."""
    waves = now.progress.current_waves if now.progress is not None else ()
    return f"wave {cell(waves[0])}" if waves else ""


def state_words(now: Snapshot) -> str:
    """Return what a person has to know first: that it was stopped, by whom and why; else what the workflow does."""
    if now.control.paused and now.progress is None:
        return f"{now.control.words}; {stage_words(now)}"
    return now.control.words or stage_words(now)
