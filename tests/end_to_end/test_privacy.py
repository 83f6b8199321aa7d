"""Names and addresses stay in MongoDB and in the mails (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from relance import ids
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.follow_up import FollowedState, FollowUpStep
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Drop, Greylist, Refuse, SmtpStage
from relance.domain.invitations.events import EventKind
from tests.support.installation import Installation
from tests.support.people import PERIOD, Documents, invitation, people

CANARY = "qzxcanary"
USERS, CONTACTS = 2, 6
REFUSED, GREYLISTED, DROPPED, INVALID, MALFORMED = 1, 2, 3, 4, 5


def _marked() -> tuple[Documents, Documents]:
    """Return people whose every name and address bears the canary."""
    users, contacts = people(USERS, CONTACTS)
    for document in (*users, *contacts):
        document["name"] = f"{CANARY} {document['name']}"
        document["email"] = f"{CANARY}.{document['email']}"
    contacts[INVALID]["email"] = f"{CANARY} is not an address"
    contacts[MALFORMED]["status"] = f"{CANARY}-status"
    users.append({**users[0], "_id": "u9", "reminderSettings": f"{CANARY} weekly"})
    return users, contacts


async def _misbehave(mailbox: Mailbox) -> None:
    """Let the mailbox fail in several ways and quote the address while it does."""
    recipient = f"{CANARY}.u0c{{}}@*".format
    quoting = f"5.1.1 <{CANARY}.u0c1@people.example> {CANARY} unknown"
    await mailbox.add_rule(Refuse(stage=SmtpStage.RCPT, recipient=recipient(REFUSED), code=550, text=quoting))
    await mailbox.add_rule(Greylist(recipient=recipient(GREYLISTED), attempts=1))
    await mailbox.add_rule(Drop(stage=SmtpStage.RCPT, recipient=recipient(DROPPED), times=1))


def _is_due_soon(state: FollowedState) -> bool:
    return state.step in {FollowUpStep.RETRY, FollowUpStep.FIRST}


async def _histories(installation: Installation) -> dict[str, bytes]:
    """Return every history of the run as it travels, by workflow and run id."""
    client = installation.client
    return {
        f"{run.id} {run.run_id}": b"".join(
            [
                event.SerializeToString()
                async for event in client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history_events()
            ]
        )
        for run in [run async for run in client.list_workflows()]
    }


def _database_files(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.glob("temporal.db*")):
        yield file.read_bytes()


@pytest.mark.slow
async def test_no_name_and_no_address_leaves_mongodb_and_the_mails(
    installation: Installation, mailbox: Mailbox, stack_folder: Path
) -> None:
    await _misbehave(mailbox)
    await installation.load(*_marked())
    worker = await installation.start_worker(
        environment={"RELANCE_MONITORING__METRICS_PORT": "0", "RELANCE_MONITORING__LOG_LEVEL": "DEBUG"}
    )
    cycle = await installation.start_cycle(PERIOD)
    motion = FastMotion(installation.client, installation.database.ledger, PERIOD)
    await motion.next_wave()
    await installation.intake().take(invitation(1, 0), EventKind.OPTED_OUT)
    for user in ("u0", "u1"):
        follow_up = installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, user))
        await motion.run_steps(follow_up, _is_due_soon)
    await motion.settle()
    await cycle.result()
    assert worker.metrics_url is not None
    async with httpx.AsyncClient(trust_env=False) as browser:
        metrics = (await browser.get(worker.metrics_url)).text
    histories = await _histories(installation)

    # The search finds what is there, so it would find what must not be.
    assert {run.split(" ")[0].split("/")[0] for run in histories} == {"cycle", "cycle-report", "follow-up"}
    assert any(b"u0c2" in history for history in histories.values())
    assert any(b"u0c2" in file for file in _database_files(stack_folder))
    assert "relance_mails" in metrics
    assert "serving" in worker.output
    assert CANARY.encode() in await mailbox.raw((await mailbox.log())[-1].n)

    leaking = [run for run, history in histories.items() if CANARY.encode() in history.lower()]
    assert leaking == []
    assert not any(CANARY.encode() in file.lower() for file in _database_files(stack_folder))
    assert CANARY not in metrics.lower()
    assert [line for line in worker.output.splitlines() if CANARY in line.lower()] == []
