"""The in-app chat inbox: messages are stored, and the console streams them from there."""

from __future__ import annotations

from relance.domain.channels.messages import OutgoingMessage
from relance.ports import ChatMessages, Delivered
from relance.settings.recipients import ChannelName


class InboxChannel:
    """`ports.Channel` into our own database."""

    name: str = ChannelName.INBOX

    def __init__(self, messages: ChatMessages) -> None:
        self._messages = messages

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Store a message once.

        Raises:
            DependencyUnavailable: the database cannot be reached.
        """
        return Delivered(self.name, repeated=not await self._messages.add(message))
