from __future__ import annotations

import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relance.adapters.tokens import BouncedReference, LinkTokens, Purpose
from relance.errors import InvalidInput
from relance.ids import invitation_id
from tests.support.keys import ring

TOKENS = LinkTokens(ring("a key of at least thirty-two characters"))
OTHERS = LinkTokens(ring("another key of thirty-two characters...."))
PERIODS = st.builds(lambda year, month: f"{year:04}-{month:02}", st.integers(1, 5000), st.integers(1, 12))
IDS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
OBJECT_IDS = st.text("0123456789abcdef", min_size=24, max_size=24)
INVITATIONS = st.builds(invitation_id, PERIODS, IDS | OBJECT_IDS, IDS | OBJECT_IDS)


@given(INVITATIONS, st.sampled_from(Purpose))
def test_a_link_names_the_invitation_it_was_made_for(invitation: str, purpose: Purpose) -> None:
    token = TOKENS.sign(purpose, invitation)
    assert re.fullmatch(r"v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", token)
    assert TOKENS.verify(purpose, token) == invitation


@given(INVITATIONS)
def test_a_link_for_one_purpose_is_worthless_for_another(invitation: str) -> None:
    with pytest.raises(InvalidInput):
        TOKENS.verify(Purpose.UNSUBSCRIBE, TOKENS.sign(Purpose.SUBMIT, invitation))


@given(INVITATIONS)
def test_a_link_signed_with_another_key_is_not_accepted(invitation: str) -> None:
    with pytest.raises(InvalidInput):
        TOKENS.verify(Purpose.SUBMIT, OTHERS.sign(Purpose.SUBMIT, invitation))


@given(INVITATIONS, st.data())
def test_a_link_with_one_character_changed_is_not_accepted(invitation: str, data: st.DataObject) -> None:
    token = TOKENS.sign(Purpose.SUBMIT, invitation)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = data.draw(st.characters().filter(lambda character: character != token[at]))
    with pytest.raises(InvalidInput):
        TOKENS.verify(Purpose.SUBMIT, token[:at] + changed + token[at + 1 :])


@given(st.text())
@example("\ud800")
def test_anything_else_is_not_accepted(text: str) -> None:
    with pytest.raises(InvalidInput):
        TOKENS.verify(Purpose.SUBMIT, text)
    with pytest.raises(InvalidInput):
        TOKENS.read_bounce_token(text)


@given(INVITATIONS)
def test_a_bounce_address_fits_into_a_local_part_and_survives_a_change_of_case(invitation: str) -> None:
    token = TOKENS.bounce_token(invitation)
    assert re.fullmatch("[a-z2-7]+", token)
    assert len(f"bounce+{token}") <= 64
    assert TOKENS.read_bounce_token(token.upper()) == TOKENS.read_bounce_token(token)


@given(PERIODS, OBJECT_IDS, OBJECT_IDS)
def test_a_bounce_address_names_invitations_of_mongodb_ids(period: str, user: str, contact: str) -> None:
    invitation = invitation_id(period, user, contact)
    assert TOKENS.read_bounce_token(TOKENS.bounce_token(invitation)) == BouncedReference(period, invitation)


def test_a_bounce_address_names_invitations_of_short_ids() -> None:
    assert TOKENS.read_bounce_token(TOKENS.bounce_token("2026-11.u1.c1")) == BouncedReference(
        "2026-11", "2026-11.u1.c1"
    )


def test_a_bounce_of_long_ids_is_found_among_the_invitations_of_its_period() -> None:
    invitations = [invitation_id("2026-11", "u" * 40, f"{'c' * 30}{number}") for number in range(5)]
    token = TOKENS.bounce_token(invitations[3])
    assert TOKENS.read_bounce_token(token) == BouncedReference("2026-11", None)
    assert [one for one in invitations if TOKENS.bounce_token(one) == token] == [invitations[3]]


@given(INVITATIONS, st.data())
def test_a_bounce_address_with_one_character_changed_is_not_accepted(invitation: str, data: st.DataObject) -> None:
    token = TOKENS.bounce_token(invitation)
    # The last character may hold padding bits only.
    at = data.draw(st.integers(0, len(token) - 2))
    changed = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda one: one != token[at]))
    with pytest.raises(InvalidInput):
        TOKENS.read_bounce_token(token[:at] + changed + token[at + 1 :])
