"""Mail logs as Postfix writes them, and a postqueue that lists what a test wants."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
LAG = timedelta(seconds=5)


def mine(number: int) -> str:
    return f"<2026-11.u1.c{number}.invitation@form-a-friend.example>"


def line(at: datetime, daemon: str, text: str, *, traditional: bool = False) -> str:
    stamp = f"{at:%b} {at.day:>2} {at:%H:%M:%S}" if traditional else at.isoformat(timespec="microseconds")
    return f"{stamp} mx1 postfix/{daemon}[4711]: {text}\n"


def mail(
    at: datetime,
    queue_id: str,
    message_id: str,
    status: str = "sent",
    *,
    to: Sequence[str] = ("c1@people.example",),
    removed: bool = True,
    traditional: bool = False,
) -> str:
    """One mail from its arrival to its end."""
    texts = [
        ("smtpd", f"{queue_id}: client=worker-3.internal[10.0.0.7]"),
        ("cleanup", f"{queue_id}: message-id={message_id}"),
        ("qmgr", f"{queue_id}: from=<bounce+x@bounces.example>, size=12034, nrcpt={len(to)} (queue active)"),
        *(("smtp", delivery(queue_id, one, status)) for one in to if status),
        *([("qmgr", f"{queue_id}: removed")] if removed and status in {"sent", "bounced"} else []),
    ]
    return "".join(
        line(at + timedelta(milliseconds=100 * step), daemon, text, traditional=traditional)
        for step, (daemon, text) in enumerate(texts)
    )


def delivery(queue_id: str, to: str, status: str) -> str:
    dsn = {"sent": "2.0.0", "deferred": "4.2.2", "bounced": "5.1.1"}[status]
    return (
        f"{queue_id}: to=<{to}>, relay=mx.people.example[192.0.2.9]:25, delay=1.2, delays=0.1/0/0.6/0.5, dsn={dsn}, "
        f"status={status} (250 2.0.0 Ok: queued as 9F00A)"
    )


def noise(at: datetime) -> str:
    """What else is there: other mails, other programs, connections."""
    return (
        line(at, "smtpd", "connect from worker-3.internal[10.0.0.7]")
        + mail(at, "4dZ9Kk1w2xz3rqB", "<other@elsewhere.example>")
        + f"{at.isoformat()} mx1 dovecot: imap-login: Login: user=<x>, message-id=<nobody>\n"
        + line(at, "smtpd", "NOQUEUE: reject: RCPT from unknown[198.51.100.1]: 554 5.7.1 Relay access denied")
        + line(at, "smtpd", "disconnect from worker-3.internal[10.0.0.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")
    )


def postqueue(folder: Path, queue_ids: Sequence[str], code: int = 0) -> Path:
    """A command that lists these mails as queued."""
    listing = "".join(
        json.dumps(
            {
                "queue_name": "deferred",
                "queue_id": one,
                "arrival_time": 1794243600,
                "message_size": 12034,
                "forced_expire": False,
                "sender": "bounce+x@bounces.example",
                "recipients": [{"address": "c1@people.example", "delay_reason": "connect to mx: refused"}],
            }
        )
        + "\n"
        for one in queue_ids
    )
    script = folder / "postqueue"
    body = f"#!{sys.executable}\nimport sys\nassert sys.argv[1:] == ['-j']\n"
    script.write_text(f"{body}sys.stdout.write({listing!r})\nsys.exit({code})\n")
    script.chmod(0o755)
    return script
