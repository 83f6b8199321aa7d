"""The channels that the settings name, ready to be written to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType

from pydantic import SecretStr

from relance.adapters.breaker import Breakers
from relance.adapters.channels.apprise_channel import AppriseChannel
from relance.adapters.channels.guarded import GuardedChannel
from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.inbox import Inbox
from relance.adapters.channels.mail import AlertMail, WriteMail
from relance.adapters.channels.signed_webhook import SignedWebhook
from relance.adapters.channels.slack import Slack
from relance.adapters.channels.teams import Teams
from relance.ports import Channel, ChatMessages, Clock
from relance.settings.channels import ChannelName, Channels
from relance.settings.mail import Mail


class OpenChannels:
    """The channels of this process by name; an async context manager that closes them.

    Raises:
        SettingsError: a channel cannot be made of its settings.
    """

    def __init__(
        self,
        settings: Channels,
        mail: Mail,
        messages: ChatMessages,
        write_mail: WriteMail,
        clock: Clock,
        *,
        breakers: Breakers,
    ) -> None:
        self._closing = AsyncExitStack()
        http = ChannelHttp(settings)
        self._closing.push_async_callback(http.close)
        alert_mail = AlertMail(mail, settings.mail_to or "", write_mail)
        self._closing.push_async_callback(alert_mail.close)
        makers: dict[ChannelName, Callable[[], Channel]] = {
            ChannelName.INBOX: lambda: Inbox(messages),
            ChannelName.SLACK: lambda: Slack(http, _given(settings.slack_url)),
            ChannelName.TEAMS: lambda: Teams(http, _given(settings.teams_url)),
            ChannelName.WEBHOOK: lambda: SignedWebhook(http, _given(settings.webhook_url), settings.secrets, clock),
            ChannelName.MAIL: lambda: alert_mail,
            ChannelName.APPRISE: lambda: AppriseChannel(_given(settings.apprise_url), settings.timeout),
        }
        named = (*settings.always_names, *settings.order_names)
        self.by_name: dict[str, Channel] = {
            str(name): makers[name]()
            # The inbox is our own database.
            if name is ChannelName.INBOX
            else GuardedChannel(makers[name](), breakers.rare(f"channel {name}"))
            for name in named
        }
        self.fingerprints: dict[str, str] = {str(name): settings.fingerprint(name) for name in named}

    async def __aenter__(self) -> OpenChannels:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()


def _given(url: SecretStr | None) -> SecretStr:
    # The settings have checked that every channel they name has its address.
    return url or SecretStr("")
