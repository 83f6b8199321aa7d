"""The settings of the channels."""

from __future__ import annotations

from base64 import b64decode
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from relance.settings.group import Group, SecretUrl


class ChannelName(StrEnum):
    """The channels we can write to."""

    INBOX = "inbox"
    SLACK = "slack"
    TEAMS = "teams"
    WEBHOOK = "webhook"
    MAIL = "mail"
    APPRISE = "apprise"


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _channels(text: str) -> str:
    names = _listed(text)
    unknown = sorted(set(names) - set(ChannelName))
    if unknown:
        raise ValueError(f"no channel is called {', '.join(unknown)}; there are {', '.join(ChannelName)}")
    if len(set(names)) < len(names):
        raise ValueError("a channel is named twice")
    return ",".join(names)


def _webhook_secrets(secrets: SecretStr) -> SecretStr:
    for secret in _listed(secrets.get_secret_value()):
        try:
            key = b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise ValueError("a secret is not whsec_ and base64") from None
        if not 24 <= len(key) <= 64:
            raise ValueError("a secret must be of 24 to 64 bytes")
    return secrets


ChannelList = Annotated[str, AfterValidator(_channels)]
_ADDRESS_OF = {
    ChannelName.SLACK: "slack_url",
    ChannelName.TEAMS: "teams_url",
    ChannelName.WEBHOOK: "webhook_url",
    ChannelName.MAIL: "mail_to",
    ChannelName.APPRISE: "apprise_url",
}


class Channels(Group):
    """Where alerts and reports are posted."""

    always: ChannelList = Field("inbox", description="Channels that get every message, separated by commas.")
    order: ChannelList = Field(
        "",
        description="Channels by preference, separated by commas: the first gets messages, the next steps in when it "
        "fails and when nobody acknowledges.",
    )
    slack_url: SecretUrl | None = Field(None, description="Incoming webhook of Slack or Mattermost.")
    teams_url: SecretUrl | None = Field(None, description="Webhook of a Teams workflow that posts Adaptive Cards.")
    webhook_url: SecretUrl | None = Field(None, description="Receiver of signed messages (Standard Webhooks).")
    webhook_secrets: Annotated[SecretStr, AfterValidator(_webhook_secrets)] = Field(
        SecretStr(""),
        description="Signing secrets (whsec_ and base64 of 24 to 64 bytes), separated by commas; to rotate, put the "
        "new one first and drop the old one when the receiver knows the new one.",
    )
    mail_to: str | None = Field(
        None, pattern=r"^[^@\s,]+@[^@\s,]+$", description="Address that gets alerts: one, or that of a list."
    )
    apprise_url: SecretStr | None = Field(
        None, description="Any other service by its Apprise address; needs the extra relance[apprise]."
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
            field = _ADDRESS_OF.get(name)
            if field and not getattr(self, field):
                raise ValueError(f"{name} is named as a channel, but {field} is not set")
            if name is ChannelName.WEBHOOK and not self.secrets:
                raise ValueError("webhook is named as a channel, but webhook_secrets is not set")
        return self

    @property
    def always_names(self) -> tuple[ChannelName, ...]:
        """The channels of `always`."""
        return tuple(map(ChannelName, _listed(self.always)))

    @property
    def order_names(self) -> tuple[ChannelName, ...]:
        """The channels of `order`."""
        return tuple(map(ChannelName, _listed(self.order)))

    def address(self, name: ChannelName) -> str:
        """Return where a channel leads; nothing for the inbox."""
        value = getattr(self, _ADDRESS_OF[name]) if name in _ADDRESS_OF else None
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")

    def fingerprint(self, name: ChannelName) -> str:
        """Return what changes with a channel's address and does not tell it; the addresses of webhooks are secrets."""
        return sha256(self.address(name).encode()).hexdigest()[:16]

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """The signing secrets."""
        return tuple(map(SecretStr, _listed(self.webhook_secrets.get_secret_value())))

    @property
    def local_host_names(self) -> frozenset[str]:
        """The hosts of `local_hosts`."""
        return frozenset(one.lower() for one in _listed(self.local_hosts))
