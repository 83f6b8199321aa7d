"""Keys and opt-outs on real servers: nobody is forgotten, nobody is mistaken for another, no foreign key starts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.processes import free_port
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY
from tests.outside.opt_outs import opt_outs
from tests.outside.published_keys import accepted, starts
from tests.support import preloaded_starter
from tests.support.installation import ROOT, Installation
from tests.support.keys import a_key
from tests.support.patience import PATIENCE_S


async def test_opt_outs_are_about_the_mailbox_that_was_written_to_also_after_the_keys_were_rotated(
    installation: Installation, mailbox: Mailbox
) -> None:
    assert [one for one in await opt_outs(installation, mailbox) if one.wrong] == []
    entries = await installation.entries("2026-12")
    assert entries["2026-12.u1.c-alice"].status == "sent"
    reasons = {one.contact_id: one.reason for one in entries.values() if one.status == "skipped"}
    assert reasons == dict.fromkeys(("x-alice", "x-dana", "x-erin"), "suppressed")


async def test_what_is_published_or_missing_starts_neither_worker_nor_starter(installation: Installation) -> None:
    cases = list(starts(installation.environment))
    assert len(cases) == 26
    found = [await asyncio.to_thread(accepted, *one) for one in cases]
    assert [(*one[:2], wrong) for one, wrong in zip(cases, found, strict=True) if wrong] == []


async def _worker(environment: Mapping[str, str], *options: str) -> tuple[int, str]:
    whole = {**os.environ, **environment}
    done = await asyncio.to_thread(preloaded_starter.run, options, whole, PATIENCE_S, str(ROOT / "worker.py"))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("--processes", "2")], ids=["one", "supervised"])
@pytest.mark.parametrize("setting", [SUPPRESSION_KEY, LINK_KEY])
async def test_a_worker_with_a_foreign_key_refuses_to_start_and_says_which(
    installation: Installation, setting: str, options: tuple[str, ...]
) -> None:
    await (await installation.start_worker()).stop()
    code, said = await _worker({**installation.environment, setting: a_key()}, *options)
    assert code == 2
    assert f"{setting}: lacks the key(s) with fingerprint" in said
    assert "Traceback" not in said


async def test_a_database_that_does_not_answer_is_no_refusal(installation: Installation) -> None:
    away = f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0"
    code, said = await _worker({**installation.environment, "RELANCE_MONGO__URI": away, "RELANCE_MONGO__TIMEOUT": "1"})
    assert (code, "lacks" in said) == (3, False)
