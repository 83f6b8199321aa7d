"""The settings of the look-up of mails whose reply was lost (SPEC X4)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator

from relance.settings.group import SettingsGroup, Zone


class RelayLogKind(StrEnum):
    """Where it is looked up whether the relay took a mail."""

    NONE = "none"
    MAILBOX = "mailbox"
    POSTFIX = "postfix"


class RelayLogGroup(SettingsGroup):
    """Where mails whose reply was lost are looked up before they are sent again."""

    kind: RelayLogKind = Field(
        RelayLogKind.NONE, description="none, mailbox (the embedded one) or postfix (its queue and its log files)."
    )
    mailbox_url: str | None = Field(None, pattern=r"^https?://", description="Address of the mailbox's HTTP API.")
    postfix_log: Path | None = Field(
        None,
        description="Postfix's mail log, readable here; rotated files beside it (.1, .2.gz, -20261105) are read too.",
    )
    postfix_postqueue: Path | None = Field(
        None,
        description="The command postqueue, where Postfix runs on this machine; none means the log alone is asked.",
    )
    postfix_zone: Zone = Field("UTC", description="Zone of the log's times, where they do not say it themselves.")
    wait: timedelta = Field(
        timedelta(seconds=10),
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="How far the log may be behind; mails younger than this are not asked about.",
    )

    @model_validator(mode="after")
    def _kind_has_its_place(self) -> RelayLogGroup:
        needed = {RelayLogKind.MAILBOX: "mailbox_url", RelayLogKind.POSTFIX: "postfix_log"}.get(self.kind)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"kind is {self.kind}, but {needed} is not set")
        return self
