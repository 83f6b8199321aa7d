"""The settings of the channels."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from relance.settings.group import SecretUrl, SettingsGroup
from relance.settings.recipients import EXAMPLE, ChannelName, kind_of, listed, masked, read_recipients
from relance.settings.signing_secrets import FORM, SigningSecrets


def _channels(text: str) -> str:
    names = listed(text)
    for name in names:
        kind_of(name)
    if len(set(names)) < len(names):
        raise ValueError("a channel is named twice")
    return ",".join(names)


def _recipients(text: SecretStr) -> SecretStr:
    read_recipients(text)
    return text


ChannelList = Annotated[str, AfterValidator(_channels)]
_ADDRESS_OF = {
    ChannelName.SLACK: "slack_url",
    ChannelName.TEAMS: "teams_url",
    ChannelName.WEBHOOK: "webhook_url",
    ChannelName.MAIL: "mail_to",
    ChannelName.APPRISE: "apprise_url",
}


class Channels(SettingsGroup):
    """Where alerts and reports are posted."""

    always: ChannelList = Field("inbox", description="Channels that get every message, separated by commas.")
    order: ChannelList = Field(
        "",
        description="Channels by preference, separated by commas: the first gets messages, the next steps in when it "
        "fails and when nobody acknowledges.",
    )
    slack_url: SecretUrl | None = Field(None, description="Incoming webhook of Slack or Mattermost.")
    slack_signing_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Signing secret of a Slack app whose incoming webhook slack_url is, and whose interactivity "
        "request URL is `/webhooks/slack` of the gateway: messages get buttons to acknowledge and for details.",
    )
    slack_operators: str = Field(
        "",
        pattern=r"^[UW0-9A-Z, ]*$",
        description="Members of Slack (ids like U024BE7LH, separated by commas) who may acknowledge by a button; empty "
        "means everybody who sees the message.",
    )
    teams_url: SecretUrl | None = Field(None, description="Webhook of a Teams workflow that posts Adaptive Cards.")
    webhook_url: SecretUrl | None = Field(None, description="Receiver of signed messages (Standard Webhooks).")
    webhook_secrets: SigningSecrets = Field(
        SecretStr(""),
        description=f"Signing secrets ({FORM}); to rotate, put the new one first and drop the old one when the "
        "receiver knows the new one.",
    )
    mail_to: str | None = Field(
        None, pattern=r"^[^@\s,]+@[^@\s,]+$", description="Address that gets alerts: one, or that of a list."
    )
    apprise_url: SecretStr | None = Field(
        None, description="Any other service by its Apprise address; needs the extra relance[apprise]."
    )
    recipients: Annotated[SecretStr, AfterValidator(_recipients)] = Field(
        SecretStr(""),
        description="Further recipients of a channel, as a JSON object from their names to their addresses: "
        f"{EXAMPLE}. They can be named wherever a channel can; names are shown, addresses are not.",
    )
    local_hosts: str = Field(
        "",
        description="Hosts (host or host:port, separated by commas) that may be called without TLS and at a private "
        "address; every other address must be https and public.",
    )
    connect_timeout: float = Field(10.0, gt=0, le=60, description="Seconds to connect to a channel.")
    timeout: float = Field(30.0, gt=0, le=300, description="Seconds for one message in all.")

    @model_validator(mode="after")
    def _named_channels_have_addresses(self) -> Channels:
        for name in (*self.always_names, *self.order_names):
            lack = self.lack(name)
            if lack is not None:
                raise ValueError(lack)
        return self

    def lack(self, name: str) -> str | None:
        """Return why a channel that somebody names cannot be written to; None if it can."""
        kind = kind_of(name)
        if kind != name and name not in read_recipients(self.recipients):
            return f"{name} is named as a channel, but recipients has no address of it"
        field = _ADDRESS_OF.get(kind)
        if kind == name and field and not getattr(self, field):
            return f"{name} is named as a channel, but {field} is not set"
        if kind is ChannelName.WEBHOOK and not self.secrets:
            return f"{name} is named as a channel, but webhook_secrets is not set"
        return None

    @property
    def always_names(self) -> tuple[str, ...]:
        """The channels of `always`."""
        return tuple(listed(self.always))

    @property
    def order_names(self) -> tuple[str, ...]:
        """The channels of `order`."""
        return tuple(listed(self.order))

    def address(self, name: str) -> str:
        """Return where a channel leads; nothing for the inbox."""
        kind = kind_of(name)
        if kind != name:
            return read_recipients(self.recipients).get(name, "")
        value = getattr(self, _ADDRESS_OF[kind]) if kind in _ADDRESS_OF else None
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")

    def fingerprint(self, name: str) -> str:
        """Return what changes with a channel's address and does not tell it; the addresses of webhooks are secrets."""
        return sha256(self.address(name).encode()).hexdigest()[:16]

    def masked(self, name: str) -> str:
        """Return enough of a channel's address to recognise it."""
        return masked(kind_of(name), self.address(name))

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """The signing secrets."""
        return tuple(map(SecretStr, listed(self.webhook_secrets.get_secret_value())))

    def decides_in_slack(self, member: str) -> bool:
        """Return whether a member of Slack may acknowledge there."""
        named = listed(self.slack_operators)
        return not named or member in named

    @property
    def local_host_names(self) -> frozenset[str]:
        """The hosts of `local_hosts`."""
        return frozenset(host.lower() for host in listed(self.local_hosts))
