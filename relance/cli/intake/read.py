"""`intake read`: messages from files through the same intake as the listener's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.intake.files import messages_of
from relance.domain.intake import MessageEnvelope
from relance.domain.intake.outcomes import KEPT
from relance.services.mail_intake import IntakeResult
from relance.wording.summaries import counted

MOST_LISTED = 1_000


@dataclass
class _Tally:
    counts: Counter[tuple[str, str]]
    known: int = 0
    kept: int = 0

    def add(self, result: IntakeResult) -> None:
        """Count one message."""
        self.counts[result.record.kind, result.record.outcome] += 1
        self.known += result.known
        self.kept += result.record.outcome in KEPT


async def read(
    run: Run,
    path: Annotated[Path, typer.Argument(help="An mbox, a Maildir, an .eml file or a folder of them.", metavar="PATH")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would follow.")] = False,
) -> Answer:
    """Read delivery reports, complaints and unsubscribe mails from files, and do what follows from them.

    Reading a message twice changes nothing. What cannot be attributed is kept for `intake list`.
    """
    tally, listed = _Tally(Counter()), list[dict[str, Any]]()
    async with run.database() as database:
        intake = run.services.mail_intake(run.settings, database)
        with run.out.progress() as progress:
            task = progress.add_task("messages", total=None)
            for raw in messages_of(path):
                # Nobody knows to whom they came but their headers.
                result = await intake.take(raw, MessageEnvelope(), "file", dry_run=dry_run)
                tally.add(result)
                if len(listed) < MOST_LISTED:
                    listed.append(data_of(result))
                progress.advance(task)
    total = tally.counts.total()
    data = {
        "dry_run": dry_run,
        "read": total,
        "known_before": tally.known,
        "kept": tally.kept,
        "counts": [{"kind": kind, "outcome": outcome, "count": n} for (kind, outcome), n in tally.counts.items()],
        "messages": listed,
    }
    return Answer(data, _view(tally, total, dry_run=dry_run))


def data_of(result: IntakeResult) -> dict[str, Any]:
    """Return a message that was read for machines: ids and codes."""
    record = result.record
    return {
        "digest": record.digest,
        "kind": record.kind,
        "outcome": record.outcome,
        "invitation_id": record.invitation_id,
        "code": record.code,
        "class": record.class_,
        "known_before": result.known,
    }


def _view(tally: _Tally, total: int, *, dry_run: bool) -> Group:
    rows = [(_words(kind), _words(outcome), n) for (kind, outcome), n in sorted(tally.counts.items())]
    title = f"{counted(total, 'message')} read{', nothing changed' if dry_run else ''}"
    parts: list[Any] = [table(title, ("what it is", "what followed", "messages"), rows)]
    if tally.known:
        parts.append(f"{counted(tally.known, 'message')} had been read before: nothing was done again.")
    if tally.kept and not dry_run:
        parts.append(f"{counted(tally.kept, 'message')} kept for a person: starter.py intake list")
    return Group(*parts)


def _words(code: str) -> str:
    return code.replace("_", " ")
