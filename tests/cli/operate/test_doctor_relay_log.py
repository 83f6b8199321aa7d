"""What the doctor says about the log by which uncertain mails are settled."""

from __future__ import annotations

from pathlib import Path

from relance.devstack.mailbox.client import Mailbox
from tests.support.terminal import Terminal


def relay_log_check(terminal: Terminal, **changed: str) -> dict[str, str]:
    ended = Terminal({**terminal.environment, **changed}).run("doctor", "--json")
    checks: dict[str, dict[str, str]] = {check["what"]: check for check in ended.data["checks"]}
    return checks["relay log"]


async def test_no_log_is_no_fault_and_says_what_it_means(terminal: Terminal) -> None:
    found = relay_log_check(terminal)
    assert (found["state"], "sent again" in found["detail"]) == ("ok", True)


async def test_a_log_that_answers_is_fine(terminal: Terminal, mailbox: Mailbox) -> None:
    settings = {"RELANCE_RELAY_LOG__KIND": "mailbox", "RELANCE_RELAY_LOG__MAILBOX_URL": mailbox.url}
    assert relay_log_check(terminal, **settings)["state"] == "ok"


async def test_a_log_that_cannot_be_read_or_is_sure_of_nothing_is_told(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    settings = {"RELANCE_RELAY_LOG__KIND": "postfix", "RELANCE_RELAY_LOG__POSTFIX_LOG": str(path)}
    assert relay_log_check(terminal, **settings)["state"] == "unreachable"
    path.write_text("")
    found = relay_log_check(terminal, **settings)
    assert (found["state"], bool(found["remedy"])) == ("warning", True)
