"""From docs/operations.md alone: all keys are rotated step by step while a cycle sends."""

from __future__ import annotations

import asyncio
import contextlib
import re
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from relance import ids
from relance.adapters.event_api import EventApi
from relance.adapters.tokens import LinkTokens, Purpose
from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.cycle import CycleOptions, CycleStatistics
from relance.contracts.follow_up import FollowedState, FollowUpStep
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.devstack.stack import Stack
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import InvalidInput
from relance.settings.gateway import API_KEYS, SIGNING_SECRETS
from relance.settings.keyring import Keyring
from relance.settings.privacy import CODEC_KEY, LINK_KEY
from relance.temporal.payload_codec import KEY_ID, codec
from relance.temporal.plugin import relance_plugin
from tests.docs.pages import ROOT, blocks
from tests.docs.rotating import Site
from tests.faults.gateway.site import FREELY
from tests.support.histories import payloads_of
from tests.support.installation import Installation, installed
from tests.support.keys import ring
from tests.support.mail_flow import MailFlow
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, address, invitation, people

USERS, CONTACTS = 30, 4
MAILS = USERS * CONTACTS
LAST = USERS - 1
ENVIRONMENT = {
    **FREELY,
    # Mails are in flight all the time, and the cycle is not over when the new keys come first.
    "RELANCE_MAIL__RATE": "2",
    "RELANCE_MAIL__CONNECTIONS": "4",
    "RELANCE_ERROR_GATE__CANARY": "0",
    "RELANCE_RELAY_LOG__KIND": "mailbox",
    "RELANCE_RELAY_LOG__WAIT": "PT1S",
}
FASTER = {"RELANCE_MAIL__RATE": "50"}
SLOW = Delay(stage=SmtpStage.END_OF_DATA, seconds=1, stored=True)
IN_TURN = CycleOptions(batch_users=1, batches_in_flight=2, follow_every=timedelta(seconds=1))
FIRST = ids.follow_up_workflow_id(PERIOD, "u0")


@dataclass(frozen=True)
class Manual:
    """The blocks of the section, in their order."""

    look: str
    add: str
    look_again: str
    show_the_new_secret: str
    put_first: str
    drop: str


MANUAL = Manual(*blocks(ROOT / "docs" / "operations.md", "bash", "All keys at once, while mails go out"))


@pytest.fixture
async def site(stack: Stack, mailbox: Mailbox, database: str, tmp_path: Path) -> AsyncIterator[Site]:
    environment = {**ENVIRONMENT, "RELANCE_RELAY_LOG__MAILBOX_URL": mailbox.url}
    async with installed(stack, database, environment, forks=True) as installation:
        users, contacts = people(USERS, CONTACTS)
        # One mailbox is the first contact of the first user, and the last one of the last user.
        contacts[-1]["email"] = address(0, 0)
        await installation.load(users, contacts)
        yield await Site.of(installation, tmp_path / "secrets")


@pytest.mark.slow(45)
async def test_all_keys_are_rotated_while_a_cycle_sends(site: Site, mailbox: Mailbox) -> None:
    installation, old = site.installation, site.keys()
    client = await client_of(site)
    await mailbox.add_rule(SLOW)
    await site.run(MANUAL.look)
    cycle = await replace(installation, client=client).start_cycle(PERIOD, IN_TURN)
    flow = MailFlow(mailbox)
    await first_follow_up_began(client)
    await opts_out(site, await links(mailbox, to=address(0, 0)))
    assert await submitted(site, old[SIGNING_SECRETS][0], 0, 1) == 200

    await site.run(MANUAL.add)
    new = {name: keys[-1] for name, keys in site.keys().items()}
    assert await submitted(site, new[SIGNING_SECRETS], 0, 2) == 401
    await site.restart()
    assert Counter(re.findall(r"writes|looks up", await site.run(MANUAL.look_again))) == {"writes": 3, "looks up": 3}
    assert (await site.run(MANUAL.show_the_new_secret)).strip() == new[SIGNING_SECRETS]
    for _ in range(4):
        # Each goes to either of the gateways.
        assert await submitted(site, new[SIGNING_SECRETS], 0, 2) == 200
        assert await submitted(site, old[SIGNING_SECRETS][0], 0, 1) == 200
    assert await dead(site, await links(mailbox)) == []

    await site.run(MANUAL.put_first)
    assert {name: keys[0] for name, keys in site.keys().items()} == new
    assert await flow.look() < MAILS - CONTACTS, "the cycle was over too soon to test anything"
    installation.environment.update(FASTER)
    await site.restart(kill=True)
    await site.run(MANUAL.drop)
    await site.restart_gateways()
    assert await submitted(site, old[SIGNING_SECRETS][0], 1, 0) == 401
    assert await submitted(site, new[SIGNING_SECRETS], 1, 0) == 200

    client = await client_of(site)
    await mailbox.clear_rules()
    result = await client.get_workflow_handle(cycle.id, result_type=CycleStatistics).result()
    assert (result.sent, result.balance, result.open) == (MAILS - 1, 0, 0)
    await nothing_was_sent_twice_or_to_whom_it_must_not(installation, mailbox)
    await every_link_lives(site, mailbox, old[LINK_KEY][0], new[LINK_KEY])
    await follow_ups_of_the_old_codec_key_go_on(site, client, mailbox, (old[CODEC_KEY][0], new[CODEC_KEY]))


async def client_of(site: Site) -> Client:
    """Return a client with the codec keys of now."""
    stack, namespace = site.installation.stack, site.installation.client.namespace
    plugin = relance_plugin(codec=codec(Keyring(CODEC_KEY, tuple(site.keys()[CODEC_KEY]))))
    return await Client.connect(stack.temporal_address, namespace=namespace, plugins=[plugin])


async def first_follow_up_began(client: Client) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(FIRST).describe()
                return
            await asyncio.sleep(0.05)


async def submitted(site: Site, secret: str, user: int, contact: int) -> int:
    """Say that a form was filled in, signed with this secret; return the status of the answer."""
    key, api_key = b64decode(secret.removeprefix("whsec_")), site.installation.environment[API_KEYS]
    body = f'{{"event": "submitted", "invitationId": "{invitation(user, contact)}"}}'
    async with EventApi(site.url, key, api_key) as api:
        return (await api.post("/api/v1/events", body.encode())).status_code


async def links(mailbox: Mailbox, to: str = "") -> list[str]:
    """Return the unsubscribe links of the mails so far, or of those to one address."""
    numbers = [mail.n for mail in await mailbox.log() if not to or to in mail.to]
    headers = [(await mailbox.message(n)).header("List-Unsubscribe") or "" for n in numbers]
    return [found[1] for header in headers if (found := re.search(r"<(https?:[^>]+)>", header))]


async def dead(site: Site, urls: Iterable[str]) -> list[int]:
    """Return the statuses of the links' pages that are not 200."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as browser:
        found = [(await browser.get(url)).status_code for url in urls]
    return [status for status in found if status != 200]


async def opts_out(site: Site, urls: list[str]) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as provider:
        answer = await provider.post(urls[0], data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200


async def nothing_was_sent_twice_or_to_whom_it_must_not(installation: Installation, mailbox: Mailbox) -> None:
    sent = Counter(mail.to[0] for mail in await mailbox.log())
    assert (len(sent), set(sent.values())) == (MAILS - 1, {1})
    entry = (await installation.entries(PERIOD))[invitation(LAST, CONTACTS - 1)]
    assert (entry.status, entry.reason) == (InvitationStatus.SKIPPED, "suppressed")


async def every_link_lives(site: Site, mailbox: Mailbox, old: str, new: str) -> None:
    """Mails went out under both keys; the pages of all are there, and a click counts under either."""
    urls = await links(mailbox)
    assert len(urls) == MAILS - 1
    assert await dead(site, urls) == []
    by_key = {key: [url for url in urls if is_signed(url, key)] for key in (old, new)}
    assert min(map(len, by_key.values())) > CONTACTS
    assert sum(map(len, by_key.values())) == len(urls)
    for key, signed in by_key.items():
        await opts_out(site, signed[-1:])
        token = signed[-1].rpartition("/")[2]
        opted_out = LinkTokens(ring(key)).verify(Purpose.UNSUBSCRIBE, token)
        assert (await site.installation.entries(PERIOD))[opted_out].status is InvitationStatus.CANCELLED


def is_signed(url: str, key: str) -> bool:
    try:
        LinkTokens(ring(key)).verify(Purpose.UNSUBSCRIBE, url.rpartition("/")[2])
    except InvalidInput:
        return False
    return True


async def follow_ups_of_the_old_codec_key_go_on(
    site: Site, client: Client, mailbox: Mailbox, keys: tuple[str, str]
) -> None:
    """The first user's began under the old key, was signalled under both, and reminds whom it has to."""
    motion = FastMotion(client, site.installation.database.ledger, PERIOD)
    await motion.run_steps(client.get_workflow_handle(FIRST), _waits_for_the_first)
    reminded = [mail.to[0] for mail in await mailbox.log() if ".first@" in mail.message_id]
    # The others have opted out (0) or filled in the form (1, 2).
    assert reminded == [address(0, contact) for contact in range(3, CONTACTS)]
    history = await site.installation.client.get_workflow_handle(FIRST).fetch_history()
    written = [payload.metadata.get(KEY_ID) for event in history.events for payload in payloads_of(event)]
    before, after = (fingerprint.encode() for fingerprint in Keyring(CODEC_KEY, keys).fingerprints)
    assert written[0] == before
    assert set(written) == {before, after}


def _waits_for_the_first(state: FollowedState) -> bool:
    return state.step is FollowUpStep.FIRST
