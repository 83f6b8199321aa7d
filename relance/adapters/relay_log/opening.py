"""From the settings to the relay's log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relance.adapters.relay_log.mailbox import MailboxLog
from relance.adapters.relay_log.postfix import PostfixLog
from relance.ports import RelayLog
from relance.settings.relay_log import RelayLogGroup as RelayLogSettings
from relance.settings.relay_log import RelayLogKind


@asynccontextmanager
async def opened_relay_log(settings: RelayLogSettings) -> AsyncIterator[RelayLog | None]:
    """Open the log the settings name, None if they name none; close it in the end."""
    if settings.kind is RelayLogKind.MAILBOX and settings.mailbox_url is not None:
        async with MailboxLog(settings.mailbox_url, settings.wait) as log:
            yield log
    elif settings.kind is RelayLogKind.POSTFIX and settings.postfix_log is not None:
        yield PostfixLog(settings.postfix_log, settings.postfix_postqueue, settings.postfix_zone, settings.wait)
    else:
        yield None
