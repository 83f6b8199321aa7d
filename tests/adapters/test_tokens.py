from __future__ import annotations

import base64
import re
import string
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relance.adapters.address_tokens import BouncedReference
from relance.adapters.message_ids import SealedMessageIds
from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.invitations.invitation import MailKind
from relance.errors import InvalidInput
from relance.ids import invitation_id, parse_invitation_id
from tests.support.keys import ring

TOKENS = LinkTokens(ring("a key of at least thirty-two characters"))
MESSAGE_IDS, KIND = SealedMessageIds(ring("a key of at least thirty-two characters"), "form.example"), MailKind.FIRST
OTHERS = LinkTokens(ring("another key of thirty-two characters...."))
PERIODS = st.builds(lambda year, month: f"{year:04}-{month:02}", st.integers(1, 5000), st.integers(1, 12))
IDS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
OBJECT_IDS = st.text("0123456789abcdef", min_size=24, max_size=24)
INVITATIONS = st.builds(invitation_id, PERIODS, IDS | OBJECT_IDS, IDS | OBJECT_IDS)


@given(INVITATIONS, st.sampled_from(Purpose))
def test_a_link_names_the_invitation_it_was_made_for(invitation: str, purpose: Purpose) -> None:
    token = TOKENS.sign(purpose, invitation)
    assert re.fullmatch(r"v2\.[A-Za-z0-9_-]+", token)
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


KEY = "a key of at least thirty-two characters"
EARLIER = [
    # What 0.1 made with this key: invitation, link, bounce address, opt-out address.
    (
        "2026-11.u1.c1",
        "v1.MjAyNi0xMS51MS5jMQ.zu1Kg_pfovFaje3vqkcXG_bJoRByzFgavrOzK9T9V-A",
        "afpqe5jrfzrtci45ubhiyps4dm",
        "afpqe5jrfzrtcdmo44fkrmgpoq",
    ),
    (
        f"2026-11.{'5f' * 12}.{'6a' * 12}",
        "v1.MjAyNi0xMS41ZjVmNWY1ZjVmNWY1ZjVmNWY1ZjVmNWYuNmE2YTZhNmE2YTZhNmE2YTZhNmE2YTZh."
        "LWGlSzcVAth5xbqnF94Tk8knw7Ttfu3UzauaJWRGq4c",
        "abpqex27l5pv6x27l5pv6x27njvgu2tknjvgu2tknjvgem6s5xioiiwt",
        "abpqex27l5pv6x27l5pv6x27njvgu2tknjvgu2tknjvajswpwdsqoihd",
    ),
]


@pytest.mark.parametrize(("invitation", "link", "bounce", "mailto"), EARLIER, ids=["short", "object-ids"])
def test_what_earlier_versions_wrote_into_mails_is_still_read(
    invitation: str, link: str, bounce: str, mailto: str
) -> None:
    # Also once another key writes.
    for tokens in (TOKENS, LinkTokens(ring("n" * 40, KEY))):
        assert tokens.verify(Purpose.SUBMIT, link) == invitation
        assert tokens.read_bounce_token(bounce) == tokens.read_mailto_token(mailto.upper())
        assert tokens.read_bounce_token(bounce) == BouncedReference("2026-11", invitation)
        assert {bounce, tokens.bounce_token(invitation)} <= set(tokens.bounce_tokens(invitation))
    for read in (OTHERS.read_bounce_token, TOKENS.read_mailto_token):
        with pytest.raises(InvalidInput):
            read(bounce)
    with pytest.raises(InvalidInput):
        TOKENS.verify(Purpose.UNSUBSCRIBE, link)


def test_a_long_id_of_an_earlier_version_is_found_among_the_tokens_of_its_period() -> None:
    invitation = f"2026-11.{'u' * 40}.{'c' * 40}"
    assert "ajpqesnonzy7bamx63sgqf3zmdlfzkt2gcigq6t7rplq" in TOKENS.bounce_tokens(invitation)
    assert TOKENS.read_bounce_token("ajpqesnonzy7bamx63sgqf3zmdlfzkt2gcigq6t7rplq") == BouncedReference("2026-11", None)


@given(INVITATIONS)
def test_nothing_in_a_mail_holds_an_id(invitation: str) -> None:
    for text in (
        TOKENS.sign(Purpose.SUBMIT, invitation),
        TOKENS.bounce_token(invitation),
        MESSAGE_IDS.of(invitation, KIND),
    ):
        seen = [text.encode()]
        for decode in (base64.urlsafe_b64decode, lambda part: base64.b32decode(part.upper())):
            for part in re.split(r"[.<@]", text):
                with suppress(ValueError):
                    seen.append(decode(part + "=" * (-len(part) % 8)))
        _, user, contact = parse_invitation_id(invitation)
        for known in (user, contact):
            if len(known) > 5:
                assert not any(known.encode() in raw or _hex(known) in raw for raw in seen)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text) if re.fullmatch("[0-9a-f]{24}", text) else text.encode()


@given(INVITATIONS, st.sampled_from(MailKind))
def test_a_message_id_is_read_by_us_alone(invitation: str, kind: MailKind) -> None:
    made = MESSAGE_IDS.of(invitation, kind)
    assert re.fullmatch(r"<[a-z2-7]+\.[a-z]+@form\.example>", made)
    assert made == MESSAGE_IDS.of(invitation, kind)
    assert MESSAGE_IDS.read(made) == MESSAGE_IDS.read(made.upper()) == invitation
    assert SealedMessageIds(ring("n" * 40, KEY), "form.example").read(made) == invitation
    assert SealedMessageIds(ring("n" * 40), "form.example").read(made) is None
    assert SealedMessageIds(ring(KEY), "other.example").read(made) is None


def test_the_message_ids_of_earlier_versions_are_read_and_looked_up() -> None:
    plain = "<2026-11.u1.c1.first@form.example>"
    assert MESSAGE_IDS.read(plain) == "2026-11.u1.c1"
    both = SealedMessageIds(ring("n" * 40, KEY), "form.example")
    old, new = MESSAGE_IDS.of("2026-11.u1.c1", MailKind.FIRST), both.of("2026-11.u1.c1", MailKind.FIRST)
    assert both.possible("2026-11.u1.c1", MailKind.FIRST) == (new, old, plain)
    assert old != new


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<.first@form.example>",
        "<aaaa.first@form.example>",
        "<ä.first@form.example>",
        "<a.b.first@form.example>",
        "<" + "a" * 9999 + ".first@form.example>",
    ],
)
def test_no_other_message_id_is_ours(text: str) -> None:
    assert MESSAGE_IDS.read(text) is None


@pytest.mark.parametrize(("invitation", "link", "bounce", "mailto"), EARLIER, ids=["short", "object-ids"])
def test_while_one_may_go_back_it_writes_what_earlier_versions_read(
    invitation: str, link: str, bounce: str, mailto: str
) -> None:
    open_ = LinkTokens(ring(KEY), seals=False)
    written = (open_.sign(Purpose.SUBMIT, invitation), open_.bounce_token(invitation), open_.mailto_token(invitation))
    assert written == (link, bounce, mailto)
    assert open_.verify(Purpose.SUBMIT, TOKENS.sign(Purpose.SUBMIT, invitation)) == invitation
    plain = SealedMessageIds(ring(KEY), "form.example", seals=False)
    assert plain.of(invitation, MailKind.FIRST) == f"<{invitation}.first@form.example>"
    assert plain.read(MESSAGE_IDS.of(invitation, MailKind.FIRST)) == invitation
