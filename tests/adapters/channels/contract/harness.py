"""One harness per channel: the channel, ways to make its other side fail, and what arrived there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault, Service
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, Drop, Refuse, SmtpStage
from relance.ports import Channel, ChatMessages


class Trouble(StrEnum):
    """What can be wrong on the other side."""

    BUSY = "busy"  # 429 with Retry-After: 7
    BROKEN = "broken"  # 5xx
    SILENT = "silent"  # no answer in time
    LOST_REPLY = "lost_reply"  # taken, and then the connection is cut
    REFUSED = "refused"  # 4xx
    GONE = "gone"  # 404, 410


@dataclass(frozen=True)
class Arrived:
    """One message as it came out at the other end."""

    key: str
    text: str


class Harness(Protocol):
    """What the contract asks of each channel's environment."""

    channel: Channel
    once: bool
    """Whether the same key is shown once only; else it arrives again with the same key."""
    offers: frozenset[Trouble]
    names_wait: bool
    """Whether a Retry-After comes through."""

    async def trouble(self, kind: Trouble) -> None: ...
    async def arrived(self) -> list[Arrived]: ...


HTTP_FAULTS: dict[Trouble, dict[str, Any]] = {
    Trouble.BUSY: {"status": 429, "headers": {"retry-after": "7"}},
    Trouble.BROKEN: {"status": 503, "body": "<html>https://secret.example</html>"},
    Trouble.SILENT: {"delay": 5},
    Trouble.LOST_REPLY: {"keep": True, "drop": True},
    Trouble.REFUSED: {"status": 403, "body": "action_prohibited"},
    Trouble.GONE: {"status": 410, "body": "channel_is_archived"},
}


@dataclass
class OverHttp:
    channel: Channel
    chat: Chat
    service: Service
    read: Callable[[Any], str]
    names_wait: bool = True
    offers: frozenset[Trouble] = frozenset(Trouble)
    once: bool = False

    async def trouble(self, kind: Trouble) -> None:
        await self.chat.add_fault(ChatFault(service=self.service, times=1, **HTTP_FAULTS[kind]))

    async def arrived(self) -> list[Arrived]:
        posted = [one for one in await self.chat.messages() if one.service is self.service]
        return [Arrived(one.key, self.read(one.body)) for one in posted]


@dataclass
class OverMail:
    channel: Channel
    mailbox: Mailbox
    names_wait: bool = False
    offers: frozenset[Trouble] = frozenset(Trouble)
    once: bool = False

    async def trouble(self, kind: Trouble) -> None:
        rules: dict[Trouble, Refuse | Delay | Drop] = {
            Trouble.BUSY: Refuse(stage=SmtpStage.RCPT, code=450, text="4.7.1 too many", times=1),
            Trouble.BROKEN: Refuse(stage=SmtpStage.MAIL, code=451, text="4.3.0 local error", times=1),
            Trouble.SILENT: Delay(stage=SmtpStage.DATA, seconds=5, times=1),
            Trouble.LOST_REPLY: Drop(stage=SmtpStage.END_OF_DATA, stored=True, times=1),
            Trouble.REFUSED: Refuse(stage=SmtpStage.END_OF_DATA, code=554, text="5.7.1 spam", times=1),
            Trouble.GONE: Refuse(stage=SmtpStage.RCPT, code=550, text="5.1.1 user unknown", times=1),
        }
        await self.mailbox.add_rule(rules[kind])

    async def arrived(self) -> list[Arrived]:
        mails = [await self.mailbox.message(one.n) for one in await self.mailbox.messages()]
        return [
            Arrived(mail.header("x-deduplication-key") or "", f"{mail.subject}\n{mail.text}".replace("\r\n", "\n"))
            for mail in mails
        ]


@dataclass
class InInbox:
    channel: Channel
    messages: ChatMessages
    names_wait: bool = False
    offers: frozenset[Trouble] = frozenset()
    once: bool = True

    async def trouble(self, kind: Trouble) -> None:
        raise NotImplementedError(kind)

    async def arrived(self) -> list[Arrived]:
        return [Arrived(one.key, one.plain) for one in (await self.messages.page()).items]


Make = Callable[[], Awaitable[Harness]]


def texts(values: Sequence[Any]) -> str:
    """Return every `text` in a tree of JSON, in order."""
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            inner = value.get("text")
            if isinstance(inner, str):
                found.append(inner)
            found.append(texts([part for part in value.values() if isinstance(part, dict | list)]))
        elif isinstance(value, list):
            found.append(texts(value))
    return "\n".join(filter(None, found))
