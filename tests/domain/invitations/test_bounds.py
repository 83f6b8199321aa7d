from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.bounds import MailboxSlot, beyond, parts, slot_for
from relance.domain.invitations.eligibility import Refusal

SIZES = st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(0, 300), max_size=20)


@given(sizes=SIZES, per_user=st.integers(1, 100), most=st.integers(1, 250))
def test_parts_hold_everybody_once_in_order_and_no_more_contacts_than_may_be(
    sizes: dict[str, int], per_user: int, most: int
) -> None:
    found = list(parts(sizes, per_user, most))
    assert [user for part in found for user in part] == list(sizes)
    for part in found:
        assert part
        assert len(part) == 1 or sum(min(sizes[user], per_user) for user in part) <= most


def test_a_user_with_as_many_contacts_as_are_looked_at_has_none_beyond() -> None:
    assert beyond({"u1": 999, "u2": 1000, "u3": 1001, "u4": 100_000}, 1000) == {"u3": 1, "u4": 99_000}


def test_the_smallest_free_slot_is_taken() -> None:
    assert slot_for("i9", "u9", {}, 5) == MailboxSlot(0)
    assert slot_for("i9", "u9", {0: ("u1", "i1"), 2: ("u2", "i2")}, 5) == MailboxSlot(1)


def test_whoever_has_a_slot_keeps_it_also_when_all_are_taken() -> None:
    holders = {0: ("u1", "i1"), 1: ("u2", "i2")}
    assert slot_for("i2", "u2", holders, 2) == MailboxSlot(1, held=True)


def test_no_further_user_gets_a_slot_of_a_full_mailbox() -> None:
    assert slot_for("i3", "u3", {0: ("u1", "i1"), 1: ("u2", "i2")}, 2) is Refusal.MAILBOX_LIMIT


def test_another_contact_of_a_user_with_a_slot_has_the_same_address() -> None:
    assert slot_for("i1b", "u1", {0: ("u1", "i1")}, 2) is Refusal.DUPLICATE_ADDRESS


@given(users=st.lists(st.integers(0, 30), max_size=60), slots=st.integers(1, 8))
def test_however_often_whoever_asks_no_more_users_than_slots_get_one(users: list[int], slots: int) -> None:
    holders: dict[int, tuple[str, str]] = {}
    for user in users:
        answer = slot_for(f"i{user}", f"u{user}", holders, slots)
        if isinstance(answer, MailboxSlot) and not answer.held:
            assert answer.number not in holders
            holders[answer.number] = (f"u{user}", f"i{user}")
    assert len(holders) == min(slots, len(set(users)))
