from __future__ import annotations

from pathlib import Path

import aiosmtplib
import pytest

from benchmarks import sinks
from benchmarks.people import plain_people
from benchmarks.raw_loop import render, send_raw
from relance.devstack import processes


async def test_without_postfix_our_own_sink_takes_the_mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sinks, "SYSTEM_FOLDERS", str(tmp_path))
    letters = render("2026-11", *plain_people(2, 3))
    async with sinks.open_sink(tmp_path) as sink:
        assert sink.kind == "own"
        assert (await send_raw(sink.address, letters, 50, 4)).per_s > 0
        async with aiosmtplib.SMTP(hostname=sink.address[0], port=sink.address[1]) as client:
            # A line with a single dot inside the mail must not end it.
            _, reply = await client.sendmail("a@one.example", ["b@two.example"], b"Subject: x\r\n\r\n.\r\nmore\r\n")
        assert reply == "2.0.0 ok"
    assert not processes.is_taken(sink.address[1])
