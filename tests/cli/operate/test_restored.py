"""What is asked before a database counts as put back (SPEC I2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.runtime.process_exit import DONE, WRONG_USAGE
from tests.support.terminal import Terminal

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")


def with_a_log(terminal: Terminal, mailbox: Mailbox) -> Terminal:
    log = {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": mailbox.url}
    return Terminal({**terminal.environment, **log})


async def test_with_a_log_that_covers_the_time_it_is_recorded(terminal: Terminal, mailbox: Mailbox) -> None:
    said = with_a_log(terminal, mailbox).json("restored", "--since", YESTERDAY, "--yes")
    assert said["relay_log"] is True
    assert datetime.fromisoformat(said["since"]) == datetime.fromisoformat(YESTERDAY)
    assert datetime.fromisoformat(said["at"]) > datetime.fromisoformat(YESTERDAY)


def test_without_a_log_a_person_has_to_say_that_it_is_known(terminal: Terminal) -> None:
    refused = terminal.run("restored", "--since", YESTERDAY)
    assert refused.code == WRONG_USAGE
    assert "would be sent again" in refused.err
    assert "--without-log" in refused.err
    assert terminal.json("restored", "--since", YESTERDAY, "--without-log", "--yes")["relay_log"] is False


def test_a_log_that_cannot_be_read_covers_nothing(terminal: Terminal) -> None:
    dead = {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": "http://127.0.0.1:1"}
    ended = Terminal({**terminal.environment, **dead}).run("restored", "--since", YESTERDAY)
    assert ended.code == WRONG_USAGE
    assert "cannot be read" in ended.err


@pytest.mark.parametrize(
    ("since", "said"), [("2099-01-01T00:00Z", "lies in the future"), ("yesterday", "neither a day nor a day and time")]
)
def test_the_instant_of_the_backup_must_be_one(terminal: Terminal, since: str, said: str) -> None:
    ended = terminal.run("restored", "--since", since, "--without-log")
    assert ended.code == WRONG_USAGE != DONE
    assert said in ended.err
