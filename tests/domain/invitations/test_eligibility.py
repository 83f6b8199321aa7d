from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitations.people import Contact, ContactStatus, User
from tests.support.domain_people import a_contact, a_user


def test_an_active_contact_of_an_active_user_with_a_valid_address_is_invited() -> None:
    assert invitation_refusal(a_user(), a_contact(), suppressed=False) is None


@pytest.mark.parametrize(
    ("user", "contact", "suppressed", "refusal"),
    [
        (None, a_contact(), False, Refusal.USER_MISSING),
        (a_user(status="inactive"), a_contact(), False, Refusal.USER_INACTIVE),
        (a_user(status="deleted"), a_contact(), False, Refusal.USER_INACTIVE),
        (a_user(), None, False, Refusal.CONTACT_MISSING),
        (a_user(), a_contact(user_id="somebody-else"), False, Refusal.CONTACT_MISSING),
        (a_user(), a_contact(status="pending"), False, Refusal.CONTACT_PENDING),
        (a_user(), a_contact(status="opted_out"), False, Refusal.CONTACT_OPTED_OUT),
        (a_user(), a_contact(status="bounced"), False, Refusal.CONTACT_BOUNCED),
        (a_user(), a_contact(status="blocked"), False, Refusal.CONTACT_BLOCKED),
        (a_user(), a_contact(), True, Refusal.SUPPRESSED),
        (a_user(), a_contact(email=""), False, Refusal.ADDRESS_INVALID),
        (a_user(), a_contact(email="x@y.example\r\nBcc: z@y.example"), False, Refusal.ADDRESS_INVALID),
        (None, None, True, Refusal.USER_MISSING),
        (a_user(status="inactive"), a_contact(status="opted_out"), True, Refusal.USER_INACTIVE),
        (a_user(), a_contact(status="opted_out", email=""), True, Refusal.CONTACT_OPTED_OUT),
        (a_user(), a_contact(email=""), True, Refusal.SUPPRESSED),
    ],
)
def test_everybody_else_has_one_reason(
    user: User | None, contact: Contact | None, suppressed: bool, refusal: Refusal
) -> None:
    assert invitation_refusal(user, contact, suppressed=suppressed) is refusal


def test_only_one_combination_of_all_is_invited() -> None:
    users = (None, a_user(), a_user(status="inactive"))
    contacts = (
        None,
        *(a_contact(status=status, email=email) for status in ContactStatus for email in ("", "a@b.test")),
    )
    invited = [
        (contact.status, contact.email)
        for user, contact, suppressed in itertools.product(users, contacts, (True, False))
        if invitation_refusal(user, contact, suppressed=suppressed) is None and contact is not None
    ]
    assert invited == [(ContactStatus.ACTIVE, "a@b.test")]


def test_of_two_contacts_with_one_address_the_smaller_id_wins() -> None:
    contacts = [a_contact(id=name) for name in ("c3", "c1", "c2")]
    assert duplicates(contacts) == {"c2", "c3"}


def test_addresses_are_compared_in_their_normal_form_and_without_regard_to_case() -> None:
    contacts = [
        a_contact(id="c1", email="anne@münchen.example"),
        a_contact(id="c2", email="anne@XN--MNCHEN-3YA.example"),
        a_contact(id="c3", email="Anne@münchen.example"),
    ]
    assert duplicates(contacts) == {"c2", "c3"}


def test_who_is_not_written_to_anyway_hides_nobody() -> None:
    contacts = [
        a_contact(id="c1", status="opted_out"),
        a_contact(id="c2"),
        a_contact(id="c3", email=""),
        a_contact(id="c4", email=""),
        a_contact(id="c5", user_id="u2"),
    ]
    assert duplicates(contacts) == set()


@given(
    st.lists(
        st.builds(
            lambda number, name, status: a_contact(id=f"c{number}", email=f"{name}@b.test", status=status),
            st.integers(0, 10**6),
            st.sampled_from("ABCabc"),
            st.sampled_from(ContactStatus),
        ),
        unique_by=lambda contact: contact.id,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_each_address_is_written_to_once_whatever_the_order(contacts: list[Contact], random: Random) -> None:
    later = duplicates(contacts)
    active = [contact for contact in contacts if contact.status is ContactStatus.ACTIVE]
    left = [contact.email.lower() for contact in active if contact.id not in later]
    assert sorted(left) == sorted({contact.email.lower() for contact in active})
    random.shuffle(contacts)
    assert duplicates(contacts) == later
