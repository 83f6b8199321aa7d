"""Any other service through Apprise, the optional extra `relance[apprise]`.

Apprise tells only whether it worked, and connects by itself: neither Retry-After nor the check of destinations applies.
"""

from __future__ import annotations

import asyncio
import importlib
from types import ModuleType

from pydantic import SecretStr

from relance.domain.channels.messages import OutgoingMessage, plain_text
from relance.domain.failures import Severity
from relance.errors import ChannelUnavailable, SettingsError
from relance.ports import Delivered
from relance.settings.recipients import ChannelName

_KINDS = {Severity.CRITICAL: "failure", Severity.HIGH: "warning", Severity.MEDIUM: "warning", Severity.LOW: "info"}


class AppriseChannel:
    """`ports.Channel` over one Apprise address.

    Raises:
        SettingsError: the extra is not installed, or Apprise does not know the address.
    """

    def __init__(self, url: SecretStr, timeout: float, name: str = ChannelName.APPRISE) -> None:
        self.name = name
        self._apprise = _library()
        self._timeout = timeout
        self._services = self._apprise.Apprise()
        if not self._services.add(url.get_secret_value()):
            raise SettingsError(f"RELANCE_CHANNELS: Apprise does not know the kind of address of {name}")

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        """Send a message as plain text that ends with its key; in a thread, because Apprise blocks."""
        try:
            async with asyncio.timeout(self._timeout):
                taken = await asyncio.to_thread(self._notify, message)
        except TimeoutError:
            raise ChannelUnavailable(self.name, "no answer in time") from None
        if not taken:
            raise ChannelUnavailable(self.name, "Apprise reports a failure")
        return Delivered(self.name)

    def _notify(self, message: OutgoingMessage) -> bool:
        body = f"{plain_text(message)}\n({message.key})"
        # Apprise reads backslashes and Markdown only where it is told to.
        return bool(
            self._services.notify(
                body=body,
                title=message.title,
                notify_type=_KINDS[message.severity],
                body_format=self._apprise.NotifyFormat.TEXT,
                interpret_escapes=False,
            )
        )


def _library() -> ModuleType:
    try:
        return importlib.import_module("apprise")
    except ImportError:
        raise SettingsError(
            "RELANCE_CHANNELS__APPRISE_URL: Apprise is not installed; install relance[apprise]"
        ) from None
