"""`intake` in a terminal: messages from files, and what of them needs a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import starter
from relance.adapters.tokens import LinkTokens
from relance.devstack.stack import Stack
from tests.cli.desk import stored
from tests.intake.corpus import entries
from tests.intake.examination import ADDRESSES, BOUNCES
from tests.intake.test_take import CLAIRE, INVITATION, invited, state
from tests.support.databases import IndexedDatabases
from tests.support.terminal import Terminal

CORPUS = {entry.name: entry for entry in entries()}
NAMES = ("postfix_user_unknown", "mailbox_full", "out_of_office_english", "person_answers_the_bounce_address")


@pytest.fixture(scope="module")
async def terminal(stack: Stack, indexed_databases: IndexedDatabases) -> AsyncIterator[Terminal]:
    """A terminal that leads to a database with one invitation that was sent, and to no Temporal."""
    async with indexed_databases.lent() as name:
        environment = {
            **stack.environment(),
            "RELANCE_MONGO__DATABASE": name,
            "RELANCE_MAIL__BOUNCE_DOMAIN": BOUNCES,
            "TEMPORAL_ADDRESS": "127.0.0.1:1",
        }
        opened = Terminal(environment)
        async with starter.database(stored(opened)) as database:
            await invited(database)
        yield opened


def messages(terminal: Terminal) -> dict[str, bytes]:
    bounce = f"bounce+{LinkTokens(stored(terminal).privacy.link_keys).bounce_token(INVITATION)}@{BOUNCES}"
    values = {**ADDRESSES, "bounce": bounce, "mid": "<x@y.example>", "returned": "Subject: x"}
    return {name: CORPUS[name].raw(values) for name in NAMES}


def mbox_of(raws: dict[str, bytes], path: Path) -> Path:
    """Write an mbox as Postfix's local(8) does."""
    first = b"From MAILER-DAEMON  Thu Nov  5 18:00:00 2026\nReturn-Path: <>\nDelivered-To: bounces\n"
    path.write_bytes(b"".join(first + raw.replace(b"\r\n", b"\n") + b"\n" for raw in raws.values()))
    return path


def maildir_of(raws: dict[str, bytes], path: Path) -> Path:
    """Write a Maildir: one message is new, the others were seen."""
    for number, raw in enumerate(raws.values()):
        folder = path / ("cur" if number else "new")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"17{number}.host:2,S").write_bytes(raw.replace(b"\r\n", b"\n"))
    return path


async def test_messages_of_every_form_are_read_once(terminal: Terminal, tmp_path: Path) -> None:
    raws = messages(terminal)
    mbox, maildir, folder = mbox_of(raws, tmp_path / "mbox"), maildir_of(raws, tmp_path / "maildir"), tmp_path / "emls"
    folder.mkdir()
    for name, raw in raws.items():
        (folder / f"{name}.eml").write_bytes(raw)
    dry = terminal.json("intake", "read", str(mbox), "--dry-run")
    counts = {one["outcome"]: one["count"] for one in dry["counts"]}
    assert counts == {"bounced": 1, "soft": 1, "automatic": 1, "other": 1}
    async with starter.database(stored(terminal)) as database:
        assert await state(database) == ("sent", "active", False)
    done = terminal.json("intake", "read", str(mbox))
    assert (done["read"], done["known_before"], done["kept"]) == (4, 0, 1)
    async with starter.database(stored(terminal)) as database:
        assert await state(database) == ("bounced", "bounced", True)
        assert await database.raw.intakeMessages.count_documents({}) == len(raws)
    for path in (maildir, folder, folder / f"{NAMES[0]}.eml"):
        again = terminal.json("intake", "read", str(path))
        assert again["known_before"] == again["read"] > 0
    text = terminal.run("intake", "read", str(mbox)).out
    assert "had been read before" in text


def test_an_empty_mailbox_holds_no_message(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mbox").touch()
    assert terminal.json("intake", "read", str(tmp_path / "mbox"), "--dry-run")["read"] == 0


def test_what_needs_a_person_is_listed_and_shown_without_a_word_of_it(terminal: Terminal, tmp_path: Path) -> None:
    terminal.json("intake", "read", str(mbox_of(messages(terminal), tmp_path / "mbox")))
    listed = terminal.json("intake", "list")["messages"]
    assert [one["outcome"] for one in listed] == ["other"]
    digest = listed[0]["digest"]
    shown = terminal.run("intake", "show", digest[:12]).out
    assert "a person" in shown
    assert CLAIRE not in shown
    assert "raw" not in terminal.json("intake", "show", digest)
    raw = terminal.json("intake", "show", digest, "--raw")
    assert "550 is my room number" in raw["raw"]
    assert "550 is my room number" in terminal.run("intake", "show", digest, "--raw").out
    assert [one["outcome"] for one in terminal.json("intake", "list", "--outcome", "soft")["messages"]] == ["soft"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read", "/no/such/file"), "does not exist"),
        (("list", "--outcome", "lost"), "name one of"),
        (("list", "--limit", "0"), "--limit"),
        (("show", "xyz"), "8 of the digits"),
        (("show", "00000000"), "no message"),
        (("read",), "PATH"),
    ],
)
def test_wrong_words_are_explained(terminal: Terminal, arguments: tuple[str, ...], said: str) -> None:
    result = terminal.run("intake", *arguments)
    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err
