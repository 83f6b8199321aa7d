"""The record of an installation's keys on a real database: who may start, races, and what each key is needed for."""

from __future__ import annotations

import asyncio
import logging

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database
from relance.domain.keys import KeyRegister
from relance.errors import SettingsError
from relance.runtime.key_admission import admit
from relance.settings.privacy import CODEC_KEY, LINK_KEY, SUPPRESSION_KEY, Privacy
from tests.adapters.mongo.commands import Commands
from tests.support.keys import a_key, privacy
from tests.support.mongo_people import AT

OLD, NEW, LINK = a_key(), a_key(), a_key()
BEFORE = privacy(suppression=OLD, links=LINK)


async def test_the_first_process_records_its_keys_and_the_same_keys_may_start_ever_after(db: Database) -> None:
    await admit(db.keys, BEFORE)
    await admit(db.keys, BEFORE)
    [stored] = await db.raw.installation.find({}).to_list(None)
    assert stored["known"] == {
        SUPPRESSION_KEY: [*BEFORE.suppression_keys.fingerprints],
        LINK_KEY: [*BEFORE.link_keys.fingerprints],
    }
    assert OLD not in str(stored)


async def test_a_start_with_known_keys_is_one_read(commands: Commands, db: Database) -> None:
    await admit(db.keys, BEFORE)
    commands.sent.clear()
    await admit(db.keys, BEFORE)
    assert [name for name, _ in commands.sent] == ["find"]


@pytest.mark.parametrize(
    ("other", "setting", "lost"),
    [
        (privacy(suppression=NEW, links=LINK), SUPPRESSION_KEY, BEFORE.suppression_keys.fingerprints[0]),
        (privacy(suppression=OLD), LINK_KEY, BEFORE.link_keys.fingerprints[0]),
    ],
    # Not by their values, which are others in each process of a test run.
    ids=["suppression", "link"],
)
async def test_another_key_is_refused_by_name_and_leaves_no_trace(
    db: Database, other: Privacy, setting: str, lost: str
) -> None:
    await admit(db.keys, BEFORE)
    with pytest.raises(SettingsError, match=f"^{setting}: lacks .*{lost}") as caught:
        await admit(db.keys, other)
    assert not any(key in str(caught.value) for key in (OLD, NEW, LINK))
    register = await db.keys.read()
    assert sum(map(len, register.known.values())) == 2


async def test_a_further_key_is_recorded_and_from_then_on_needed(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await admit(db.keys, BEFORE)
    with caplog.at_level(logging.WARNING):
        await admit(db.keys, privacy(suppression=f"{NEW},{OLD}", links=LINK))
    assert SUPPRESSION_KEY in caplog.text
    assert NEW not in caplog.text
    await admit(db.keys, privacy(suppression=f"{OLD},{NEW}", links=LINK))
    for lacking in (OLD, NEW):
        with pytest.raises(SettingsError, match="lacks"):
            await admit(db.keys, privacy(suppression=lacking, links=LINK))


async def test_a_codec_key_is_optional_until_somebody_has_encrypted_with_it(db: Database) -> None:
    await admit(db.keys, BEFORE)
    with_codec = BEFORE.model_copy(update={"codec_key": SecretStr(NEW)})
    await admit(db.keys, with_codec)
    for lacking in (BEFORE, BEFORE.model_copy(update={"codec_key": SecretStr(OLD)})):
        with pytest.raises(SettingsError, match=f"^{CODEC_KEY}: lacks .*{with_codec.codec_keys.fingerprints[0]}"):
            await admit(db.keys, lacking)
    await admit(db.keys, BEFORE.model_copy(update={"codec_key": SecretStr(f"{OLD},{NEW}")}))


async def test_of_many_first_processes_with_different_keys_one_wins(db: Database) -> None:
    found = await asyncio.gather(*(admit(db.keys, privacy()) for _ in range(12)), return_exceptions=True)
    assert [type(one) for one in found if one is not None] == [SettingsError] * 11
    assert found.count(None) == 1
    assert sum(map(len, (await db.keys.read()).known.values())) == 2


async def test_many_that_bring_keys_of_their_own_at_once_lose_none(db: Database) -> None:
    await admit(db.keys, BEFORE)
    rings = [f"{a_key()},{OLD}" for _ in range(6)]
    found = await asyncio.gather(
        *(admit(db.keys, privacy(suppression=one, links=LINK)) for one in rings), return_exceptions=True
    )
    known = (await db.keys.read()).known[SUPPRESSION_KEY]
    # Whoever comes second lacks what the first one has recorded.
    assert len(known) == 1 + found.count(None) == 2


async def test_a_record_that_changed_meanwhile_is_not_replaced(db: Database) -> None:
    seen = await db.keys.read()
    assert await db.keys.record(seen, KeyRegister({"a": ("1",)}))
    assert not await db.keys.record(seen, KeyRegister({"a": ("2",)}))
    seen = await db.keys.read()
    assert await db.keys.record(seen, KeyRegister({"a": ("1", "3")}, {"a": ("1",)}))
    assert not await db.keys.record(seen, KeyRegister({"a": ("4",)}))
    assert await db.keys.read() == KeyRegister({"a": ("1", "3")}, {"a": ("1",)})


@pytest.mark.scans("a person asks, before a key is dropped")
async def test_what_was_written_with_each_key_is_counted(db: Database) -> None:
    one, two = (privacy(suppression=key).suppression_keys.fingerprints[0] for key in (OLD, NEW))
    await db.suppressions.suppress((f"{one}:aa", f"{one}:bb", f"{two}:cc"), "opted_out", AT)
    await db.raw.suppressions.insert_one({"_id": "of an earlier version", "reason": "opted_out", "at": AT})
    await db.raw.invitations.insert_many(
        [
            {"_id": "1", "period": "2026-11", "userId": "1", "contactId": "1", "mailboxes": [f"{one}:aa", f"{two}:aa"]},
            {"_id": "2", "period": "2026-11", "userId": "1", "contactId": "2"},
        ]
    )
    await db.raw.mailboxes.insert_one({"_id": f"{two}:id", "period": "2026-10", "mailboxes": [f"{one}:dd"]})
    use = await db.keys.use()
    assert (use.opt_outs, use.invitations, use.unmarked) == ({one: 2, two: 1}, {one: 2, two: 2}, 1)
    assert use.needs("whatever it is, the unmarked one may be under it")
