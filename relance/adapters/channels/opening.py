"""The channels that the settings name, ready to be written to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from types import TracebackType

from pydantic import SecretStr

from relance.adapters.breaker import Breakers
from relance.adapters.channels.apprise_channel import AppriseChannel
from relance.adapters.channels.guarded import GuardedChannel
from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.inbox import InboxChannel
from relance.adapters.channels.mail import AlertMail, WriteMail
from relance.adapters.channels.signed_webhook import SignedWebhook
from relance.adapters.channels.slack import Slack
from relance.adapters.channels.teams import Teams
from relance.ports import Channel, ChatMessages, Clock
from relance.settings.channels import Channels
from relance.settings.mail import MailGroup
from relance.settings.recipients import ChannelName, kind_of


class OpenChannels:
    """The channels that `names` names, by name; an async context manager that closes them.

    Raises:
        SettingsError: a channel cannot be made of its settings.
    """

    def __init__(
        self,
        settings: Channels,
        mail: MailGroup,
        messages: ChatMessages,
        write_mail: WriteMail,
        clock: Clock,
        *,
        breakers: Breakers,
        names: Iterable[str],
    ) -> None:
        self._closing = AsyncExitStack()
        http = ChannelHttp(settings)
        self._closing.push_async_callback(http.close)

        def address(name: str) -> SecretStr:
            return SecretStr(settings.address(name))

        def alert_mail(name: str) -> AlertMail:
            channel = AlertMail(mail, settings.address(name), write_mail, name)
            self._closing.push_async_callback(channel.close)
            return channel

        makers: dict[ChannelName, Callable[[str], Channel]] = {
            ChannelName.INBOX: lambda _: InboxChannel(messages),
            ChannelName.SLACK: lambda name: Slack(
                http, address(name), name, has_buttons=settings.slack_signing_secret is not None
            ),
            ChannelName.TEAMS: lambda name: Teams(http, address(name), name),
            ChannelName.WEBHOOK: lambda name: SignedWebhook(http, address(name), settings.secrets, clock, name),
            ChannelName.MAIL: alert_mail,
            ChannelName.APPRISE: lambda name: AppriseChannel(address(name), settings.timeout, name),
        }
        self.by_name: dict[str, Channel] = {}
        self.fingerprints: dict[str, str] = {}
        for name in names:
            kind = kind_of(name)
            channel = makers[kind](name)
            # The inbox is our own database.
            guarded = kind is not ChannelName.INBOX
            self.by_name[name] = GuardedChannel(channel, breakers.rare(f"channel {name}")) if guarded else channel
            self.fingerprints[name] = settings.fingerprint(name)

    async def __aenter__(self) -> OpenChannels:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()
