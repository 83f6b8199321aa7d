"""After a new first key, what was signed with the old one still works; without the old one it does not."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import pytest

from relance.adapters.address_tokens import BouncedReference
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.mailbox_digests import MailboxDigests, bare, key_of
from relance.adapters.tokens import LinkTokens, Purpose
from relance.errors import InvalidInput
from tests.support.keys import a_key, ring

OLD, NEW = a_key(), a_key()
BEFORE, AFTER, WITHOUT = ring(OLD), ring(NEW, OLD), ring(NEW)
INVITATION = "2026-11.u00012.c00240"
LONG = f"2026-11.{'u' * 40}.{'c' * 40}"


@pytest.mark.parametrize("purpose", Purpose)
def test_links_of_before_still_work_and_new_ones_are_signed_with_the_first_key(purpose: Purpose) -> None:
    assert LinkTokens(AFTER).verify(purpose, LinkTokens(BEFORE).sign(purpose, INVITATION)) == INVITATION
    assert LinkTokens(AFTER).sign(purpose, INVITATION) == LinkTokens(WITHOUT).sign(purpose, INVITATION)
    with pytest.raises(InvalidInput):
        LinkTokens(WITHOUT).verify(purpose, LinkTokens(BEFORE).sign(purpose, INVITATION))


def test_a_process_that_looks_the_new_key_up_already_takes_what_another_one_signs_with_it() -> None:
    first_step, second_step = LinkTokens(ring(OLD, NEW)), LinkTokens(AFTER)
    for one, other in ((first_step, second_step), (second_step, first_step)):
        assert one.verify(Purpose.UNSUBSCRIBE, other.sign(Purpose.UNSUBSCRIBE, INVITATION)) == INVITATION


def test_attachments_of_before_are_still_shown() -> None:
    token = AttachmentTokens(BEFORE).sign("key", "chart.png")
    assert AttachmentTokens(AFTER).verify(token) == ("key", "chart.png")
    assert AttachmentTokens(AFTER).sign("key", "chart.png") == AttachmentTokens(WITHOUT).sign("key", "chart.png")
    with pytest.raises(InvalidInput):
        AttachmentTokens(WITHOUT).verify(token)


@pytest.mark.parametrize(("invitation", "named"), [(INVITATION, INVITATION), (LONG, None)])
def test_bounces_to_addresses_of_before_still_come_home(invitation: str, named: str | None) -> None:
    token = LinkTokens(BEFORE).bounce_token(invitation)
    assert LinkTokens(AFTER).read_bounce_token(token) == BouncedReference("2026-11", named)
    assert token in LinkTokens(AFTER).bounce_tokens(invitation)
    assert LinkTokens(AFTER).bounce_tokens(invitation)[0] == LinkTokens(WITHOUT).bounce_token(invitation)
    with pytest.raises(InvalidInput):
        LinkTokens(WITHOUT).read_bounce_token(token)


def test_a_digest_names_its_key_and_is_the_same_for_all_ways_to_write_a_mailbox() -> None:
    first, second = MailboxDigests(AFTER).of("Zoe@Example.ORG")
    assert (first, second) == (
        *MailboxDigests(WITHOUT).of("zoe@example.org"),
        *MailboxDigests(BEFORE).of("ZOE@example.org"),
    )
    assert (key_of(first), key_of(second)) == AFTER.fingerprints
    assert bare(first) == hmac.digest(NEW.encode(), b"zoe@example.org", "sha256").hex()
    assert not set(MailboxDigests(AFTER).of_invitation(INVITATION)) & {first, second}


@pytest.mark.parametrize("keys", [1, 2, 3])
def test_each_key_costs_one_hash_of_an_address_and_two_of_a_token(monkeypatch: pytest.MonkeyPatch, keys: int) -> None:
    texts = [a_key() for _ in range(keys)]
    digests, tokens, signer = MailboxDigests(ring(*texts)), LinkTokens(ring(*texts)), LinkTokens(ring(texts[-1]))
    signed = signer.sign(Purpose.SUBMIT, INVITATION)
    digests.of("warm@up.fr")
    counted = 0
    real: Callable[..., bytes] = hmac.digest

    def counting(*arguments: object) -> bytes:
        nonlocal counted
        counted += 1
        return real(*arguments)

    def cost(action: Callable[[], object]) -> int:
        nonlocal counted
        counted = 0
        action()
        return counted

    monkeypatch.setattr(hmac, "digest", counting)
    assert cost(lambda: digests.of("zoe@form.fr")) == keys
    # One for the tag, one for the key stream.
    # A token is a tag and what hides the id.
    assert cost(lambda: tokens.sign(Purpose.SUBMIT, INVITATION)) == 2
    assert cost(lambda: tokens.verify(Purpose.SUBMIT, signed)) == 2 * keys
    assert cost(lambda: tokens.bounce_token(INVITATION)) == 2
