"""Address books without end, and mailboxes that many users invite: what is sent, recorded, counted and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from bson import ObjectId

from activities import invitations
from relance.adapters.mongo.connection import repositories
from relance.domain.invitations.bounds import Bounds
from relance.domain.invitations.invitation import InvitationStatus
from relance.ids import invitation_id
from relance.wording.explain import explain_invitation
from tests.activities.conftest import PERIOD, SEND_AT, Office
from tests.support.keys import PRIVACY


@pytest.fixture
async def bounded(office: Office) -> AsyncIterator[Office]:
    """An office where 4 contacts of a user are looked at."""
    data = repositories(office.data.client, office.data.raw, PRIVACY, bounds=Bounds(contacts_per_user=4))
    yield replace(office, data=data)
    await data.group_commit.close()


async def _why(office: Office, user: str, contact: str) -> list[str]:
    data = office.data
    found = (await data.contacts.by_ids([contact]))[contact]
    [plan] = await data.plans.of_user(user)
    return explain_invitation(
        await data.ledger.get(invitation_id(PERIOD, user, contact)),
        user=(await data.users.by_ids([user]))[user],
        contact=found,
        plan=plan,
        suppressed=False,
        now=SEND_AT,
        is_beyond=await data.contacts.is_beyond(found),
    )


async def test_the_first_contacts_by_id_are_invited_and_the_rest_is_skipped_with_its_reason(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=0)
    await bounded.add_user("u2", contacts=4)
    for number in (6, 2, 5, 1, 4, 3):
        await bounded.add_contact("u1", f"u1c{number}")
    await bounded.plan()
    result = await bounded.send()
    assert sorted(one.split(".")[2] for one in bounded.mailer.invitations_sent()) == [
        *(f"u1c{number}" for number in range(1, 5)),
        *(f"u2c{number}" for number in range(4)),
    ]
    assert (result.counts.sent, result.counts.skipped) == (8, 2)
    balance = await bounded.balance()
    assert (balance.eligible, balance.sent, balance.skipped, balance.balance) == (10, 8, {"contact_limit": 2}, 0)


async def test_every_contact_is_explained_before_and_after_the_batch(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=6)
    await bounded.plan()
    ahead = [await _why(bounded, "u1", f"u1c{number}") for number in range(6)]
    assert ["more contacts" in " ".join(one) for one in ahead] == [False] * 4 + [True] * 2
    await bounded.send()
    after = [await _why(bounded, "u1", f"u1c{number}") for number in range(6)]
    assert [one[0].startswith("The contact was skipped, because the user has more contacts") for one in after] == [
        *[False] * 4,
        *[True] * 2,
    ]
    assert "2 further contacts were skipped" in " ".join(after[5])


async def test_whatever_their_status_the_first_ones_are_looked_at(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=0)
    for number, status in enumerate(("opted_out", "bounced", "active", "active", "active")):
        await bounded.add_contact("u1", f"u1c{number}", status=status)
    await bounded.plan()
    await bounded.send()
    assert (await bounded.balance()).skipped == {"contact_opted_out": 1, "contact_bounced": 1, "contact_limit": 1}


async def test_ids_of_the_applications_own_type_come_in_its_order(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=2)
    ids = [ObjectId(f"{number:024x}") for number in range(4)]
    await bounded.data.raw.contacts.insert_many(
        [{"_id": one, "userId": "u1", "email": f"{one}@c.example", "status": "active"} for one in reversed(ids)]
    )
    await bounded.plan()
    await bounded.send()
    sent = {one.split(".")[2] for one in bounded.mailer.invitations_sent()}
    assert sent == {"u1c0", "u1c1", str(ids[0]), str(ids[1])}
    contacts = await bounded.data.contacts.by_ids(["u1c1", *map(str, ids)])
    beyond = {one: await bounded.data.contacts.is_beyond(contact) for one, contact in contacts.items()}
    assert beyond == {"u1c1": False, str(ids[0]): False, str(ids[1]): False, str(ids[2]): True, str(ids[3]): True}


async def test_a_batch_again_counts_the_rest_once(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=7)
    await bounded.plan()
    first, again = await bounded.send(), await bounded.send()
    assert first.counts.skipped == again.counts.skipped == 3
    assert (await bounded.balance()).balance == 0


async def test_a_user_who_has_as_few_contacts_as_before_leaves_no_rest(bounded: Office) -> None:
    await bounded.add_user("u1", contacts=6)
    await bounded.plan()
    await bounded.send()
    await bounded.data.raw.contacts.delete_many({"_id": {"$in": ["u1c4", "u1c5"]}})
    await bounded.send()
    balance = await bounded.balance()
    assert (balance.eligible, balance.skipped, balance.balance) == (4, {}, 0)


async def test_users_with_large_address_books_are_sent_part_by_part(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "IN_MEMORY", 5)
    monkeypatch.setattr("relance.adapters.mongo.people._TOGETHER", 3)
    for number, contacts in enumerate((4, 0, 3, 2, 9, 1)):
        await office.add_user(f"u{number}", contacts=contacts)
    await office.plan()
    result = await office.send()
    assert (result.counts.users, result.counts.sent, result.stopped) == (6, 19, False)
    assert len(set(office.mailer.invitations_sent())) == 19
    assert (await office.balance()).balance == 0


async def test_of_eight_address_books_with_one_address_five_invite_it_and_the_balance_holds(office: Office) -> None:
    for number in range(8):
        await office.add_user(f"u{number}", contacts=1)
        await office.add_contact(
            f"u{number}", f"u{number}s", email="Shared@C.example" if number % 2 else "shared@c.example"
        )
    await office.plan()
    result = await office.send()
    assert (result.counts.sent, result.counts.skipped) == (13, 3)
    shared = [await office.entry(f"u{number}", f"u{number}s") for number in range(8)]
    assert sum(one.sent_at is not None for one in shared) == 5
    refused = [one for one in shared if one.status is InvitationStatus.SKIPPED]
    assert {one.reason for one in refused} == {"mailbox_limit"}
    balance = await office.balance()
    assert (balance.eligible, balance.sent, balance.skipped, balance.balance) == (16, 13, {"mailbox_limit": 3}, 0)
    told = " ".join(await _why(office, refused[0].user_id, refused[0].contact_id))
    assert "as many other users as may have invited the same mailbox" in told
