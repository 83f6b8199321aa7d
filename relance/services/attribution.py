"""Which invitation a returned message is about: by a signed token, else by our Message-ID; never guessed (SPEC G3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from relance.domain.intake import MailReading, MessageKind
from relance.domain.invitations.invitation import Invitation
from relance.errors import InvalidInput
from relance.ids import parse_invitation_id
from relance.ports import Contacts, Ledger, MessageIds, Suppressions
from relance.ports.mail_intake import IntakeMessages, MailTokens

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Attribution:
    """The invitation a message is about, and the digests of the mailbox its mail went to.

    `signed` tells a token of ours from a Message-ID, which anybody may have read.
    """

    invitation_id: str
    mailboxes: frozenset[str]
    signed: bool
    entry: Invitation | None


@dataclass(frozen=True, slots=True)
class Attributor:
    """Finds the invitation."""

    tokens: MailTokens
    ledger: Ledger
    contacts: Contacts
    suppressions: Suppressions
    messages: IntakeMessages
    message_ids: MessageIds

    async def attribute(self, reading: MailReading) -> Attribution | None:
        """Return the invitation of the first clue that names one we know; None if none does."""
        clues = reading.clues
        if reading.kind is MessageKind.UNSUBSCRIBE:
            return next(iter(await self.asked_to_stop(reading)), None)
        found = await self._named(clues.bounce_tokens, self.tokens.read_bounce_token, self.tokens.bounce_tokens)
        if (signed := await self._known(found, signed=True)) is not None:
            return signed
        if (linked := await self._known(self._linked(clues.link_tokens), signed=True)) is not None:
            return linked
        by_id = (self.message_ids.read(message_id) for message_id in clues.message_ids)
        return await self._known(
            next((invitation_id for invitation_id in by_id if invitation_id is not None), None), signed=False
        )

    async def asked_to_stop(self, reading: MailReading) -> list[Attribution]:
        """Return every invitation that an unsubscribe mail names by a token of ours and that we know."""
        clues, read, made = reading.clues, self.tokens.read_mailto_token, self.tokens.mailto_tokens
        named = [self._linked([token]) for token in clues.link_tokens]
        named += [await self._named([token], read, made) for token in clues.unsubscribe_tokens]
        known = [await self._known(invitation_id, signed=True) for invitation_id in dict.fromkeys(named)]
        return [attribution for attribution in known if attribution is not None]

    def names_mailbox(self, attribution: Attribution, address: str) -> bool:
        """Return whether an address is the mailbox the mail went to."""
        return bool(address) and not attribution.mailboxes.isdisjoint(self.suppressions.mailboxes(address))

    def _linked(self, tokens: Iterable[str]) -> str | None:
        for token in tokens:
            try:
                return self.tokens.unsubscribed(token)
            except InvalidInput:
                continue
        return None

    async def _named(
        self,
        tokens: Iterable[str],
        read: Callable[[str], tuple[str, str | None]],
        made: Callable[[str], tuple[str, ...]],
    ) -> str | None:
        for token in tokens:
            try:
                period, invitation = read(token)
            except InvalidInput:
                continue
            return invitation if invitation is not None else await self._searched(period, token.lower(), made)
        return None

    async def _searched(self, period: str, token: str, made: Callable[[str], tuple[str, ...]]) -> str | None:
        after = ""
        while page := await self.messages.invitation_ids(period, after, PAGE):
            found = next((entry for entry in page if token in made(entry)), None)
            if found is not None:
                return found
            after = page[-1]
        return None

    async def _known(self, invitation_id: str | None, *, signed: bool) -> Attribution | None:
        if invitation_id is None:
            return None
        key = parse_invitation_id(invitation_id)
        entry = await self.ledger.get(invitation_id)
        reached = entry.mailboxes if entry is not None else await self.suppressions.kept(invitation_id)
        if not reached:
            # Of an earlier version, which noted no mailbox: the record says who is meant.
            contact = (await self.contacts.by_ids([key.contact_id])).get(key.contact_id)
            if contact is not None and contact.user_id == key.user_id and contact.email:
                reached = self.suppressions.mailboxes(contact.email)
        if entry is None and not reached:
            return None
        return Attribution(invitation_id, frozenset(reached), signed, entry)
