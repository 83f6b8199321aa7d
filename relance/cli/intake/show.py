"""`intake show`: one message that was read; its text only on request, because it names people."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.cli.intake.listing import record_data
from relance.domain.intake import parse_message, read_message
from relance.domain.intake.records import IntakeRecord, KeptMessage
from relance.errors import NotFound
from relance.ports.mail_intake import IntakeMessages
from relance.runtime.printable import printable

_DIGEST = re.compile(r"[0-9a-f]{8,64}")

REMEDIES = {
    "unattributed": "no token and no Message-ID of ours in it: a mail of somebody else, or a mail server that takes "
    "them out; compare with --raw",
    "wrong_recipient": "it names a mail of ours and another recipient; if it is the contact's by another name, record "
    "it with `signal`",
    "other": "a person, or a form of report we do not know: answer it, or record it with `signal`",
    "unreadable": "no mail program made this; look at it with --raw",
}


async def show(
    run: Run,
    digest: Annotated[str, typer.Argument(help="Its digest, or how it begins.", metavar="DIGEST")],
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Show the message itself: it names people.")] = False,
) -> Answer:
    """Show what is known of a message, and what to do about it; with --raw also the message."""
    if not _DIGEST.fullmatch(digest):
        invalid("DIGEST", f"{digest!r} is none", "write at least 8 of the digits that `intake list` shows")
    async with run.database() as database:
        record = await _named(database.intake_messages, digest)
        kept = await database.intake_messages.kept(record.digest)
    data: dict[str, Any] = {**record_data(record), "kept": kept is not None, "remedy": REMEDIES.get(record.outcome)}
    if kept is not None:
        data["reports"] = _reports(kept)
    if raw and kept is not None:
        data["raw"] = kept.raw.decode("utf-8", "backslashreplace")
        data["whole"] = kept.whole
    rows = [(name.replace("_", " "), value) for name, value in data.items() if name not in {"raw", "reports"}]
    parts: list[Any] = [table("Message that came back", ("what", "value"), rows)]
    if kept is not None and data["reports"]:
        columns = ("action", "status")
        parts.append(table("Reports", columns, [(report["action"], report["status"]) for report in data["reports"]]))
    if "raw" in data:
        parts.append(Text(printable(data["raw"])))
    elif raw:
        parts.append("The message itself is not kept, or not any more.")
    return Answer(data, Group(*parts))


async def _named(messages: IntakeMessages, digest: str) -> IntakeRecord:
    found = await messages.beginning(digest)
    if not found:
        raise NotFound(f"DIGEST: no message {digest!r} was read, or its record is gone by now; see `intake list`")
    if len(found) > 1:
        invalid("DIGEST", f"{digest!r} begins several digests", "write more of its digits")
    return found[0]


def _reports(kept: KeptMessage) -> list[dict[str, str]]:
    reading = read_message(parse_message(kept.raw))
    return [{"action": report.action.value, "status": report.status} for report in reading.reports]
