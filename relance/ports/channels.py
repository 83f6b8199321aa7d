"""The channels that carry messages to people, what is known of them, and the pictures of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relance.contracts.cycle import CycleStatistics
from relance.domain.channels.channel_state import ChannelState
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.domain.cycle.report import CycleFigures
from relance.ports.people import Page


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel has the message; `repeated` if it says that it had it already."""

    channel: str
    repeated: bool = False


class Channel(Protocol):
    """A channel to people."""

    @property
    def name(self) -> str:
        """What the channel is called in settings, records and metrics."""

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Hand one message over; the same key again is the same message.

        Raises:
            ChannelUnavailable: not now; it may have arrived.
            ChannelRefused: it will not be taken.
            ChannelGone: the channel is to be disabled.
            DependencyUnavailable: our own database cannot be reached (inbox only).
        """


class ChatMessages(Protocol):
    """The in-app chat inbox: every message once, in the order in which they were stored."""

    async def add(self, message: OutgoingMessage) -> bool:
        """Store a message with its attachments; return False if its key was there before."""

    async def page(self, *, after: str = "", size: int = 100) -> Page[ChatMessage]:
        """Return what was stored after a page's `last_id`, oldest first, without the attachments' content.

        A reader that goes on from `last_id` misses nothing: a message never appears before one it has read.
        """

    async def latest(self, size: int, *, before: int | None = None) -> list[ChatMessage]:
        """Return the newest messages, of those with a lower number than `before`; oldest first."""

    async def has(self, key: str) -> bool:
        """Return whether a message with this key is stored."""

    async def attachment(self, key: str, filename: str) -> bytes | None:
        """Return an attachment of a message."""


class Attachments(Protocol):
    """The files of messages that can be seen by a link, whatever channels the messages went to."""

    async def store(self, key: str, files: Sequence[Attachment]) -> None:
        """Store the files of the message `key`, each file name once: what was stored first stays."""

    async def read(self, key: str, filename: str) -> Attachment | None:
        """Return a stored file, without `url`."""


class CycleIllustrator(Protocol):
    """Draws what belongs to a cycle's report."""

    async def attachments(
        self, report: CycleFigures, months: Sequence[CycleStatistics], key: str, language: str
    ) -> tuple[Attachment, ...]:
        """Return the files that go with the message `key`; `months` are the cycles up to this one, oldest first."""


class ChannelStates(Protocol):
    """The state of each channel; stored so that a channel that is gone stays disabled across restarts."""

    async def all(self) -> dict[str, ChannelState]:
        """Return every known state by channel name."""

    async def note(self, state: ChannelState) -> None:
        """Replace the state of a channel."""
