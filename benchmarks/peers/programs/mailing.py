"""What every peer's program shares: the mails, the connections to the relay, the record, and the orders it is given.

The harness writes orders to standard input, a line of JSON each, and reads one line for each from standard output.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import smtplib
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import aiosmtplib

INVITATION, FIRST, SECOND = "invitation", "first", "second"
REGISTERED = "registered"
"""Recorded when an invitation is sent and its reminders are durable."""
SENDER = "bounce@bounces.example"
SERVER = os.environ["PEERS_SERVER"]
CONNECTIONS = int(os.environ["PEERS_CONNECTIONS"])
PROCESSES = int(os.environ["PEERS_PROCESSES"])
PLACE = int(os.environ["PEERS_PLACE"])
"""Which of the processes this one is, from 0."""

_HOST, _, _PORT = os.environ["PEERS_SMTP"].partition(":")
_TIMEOUT_S = 60.0
_thread = threading.local()


def send(kind: str, number: int) -> None:
    """Hand a mail to the relay over this thread's own connection, and record that it was accepted."""
    if not hasattr(_thread, "smtp"):
        _thread.smtp = smtplib.SMTP(_HOST, int(_PORT), timeout=_TIMEOUT_S)
    _thread.smtp.sendmail(SENDER, [recipient(number)], _letters()[number % len(_letters())])
    record(kind, number)


async def send_async(kind: str, number: int) -> None:
    """Hand a mail to the relay over one of the connections of this process, and record that it was accepted."""
    pool = _pool()
    smtp = await pool.get()
    try:
        if not smtp.is_connected:
            await smtp.connect()
        await smtp.sendmail(SENDER, [recipient(number)], _letters()[number % len(_letters())])
    finally:
        pool.put_nowait(smtp)
    record(kind, number)


def recipient(number: int) -> str:
    """Return the address of a contact."""
    return f"contact{number}@d{number % 7}.example.net"


def record(kind: str, number: int) -> None:
    """Append a line in one write: many processes share the file, and a killed one loses nothing."""
    os.write(_record(), f"{kind} {number} {time.time():.6f}\n".encode())


def orders() -> Iterator[dict[str, Any]]:
    """Say that this process is ready, then yield what it is told until the harness closes the pipe."""
    answer()
    for line in sys.stdin:
        yield json.loads(line)


def answer() -> None:
    """Tell the harness that an order is carried out."""
    sys.stdout.write("done\n")
    sys.stdout.flush()


@cache
def _letters() -> list[bytes]:
    return [base64.b64decode(line) for line in Path(os.environ["PEERS_LETTERS"]).read_bytes().splitlines()]


@cache
def _record() -> int:
    return os.open(os.environ["PEERS_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


@cache
def _pool() -> asyncio.LifoQueue[aiosmtplib.SMTP]:
    pool: asyncio.LifoQueue[aiosmtplib.SMTP] = asyncio.LifoQueue()
    for _ in range(max(1, CONNECTIONS // PROCESSES)):
        pool.put_nowait(aiosmtplib.SMTP(hostname=_HOST, port=int(_PORT), timeout=_TIMEOUT_S))
    return pool
