"""The ping of a dead man's switch: a service outside that raises an alarm when the pings stop (SPEC H3)."""

from __future__ import annotations

from relance.adapters.channels.http import ChannelHttp
from relance.errors import ChannelError, DependencyUnavailable
from relance.settings import Settings

NAME = "dead-man service"


async def call_deadman(settings: Settings) -> bool:
    """Call the address of the settings; return False if they name none.

    The address is a secret, and is called under the rules of webhooks: https and public, no redirects.

    Raises:
        DependencyUnavailable: it did not take the call.
    """
    url = settings.watchdog.deadman_url
    if url is None:
        return False
    http = ChannelHttp(settings.channels)
    try:
        await http.post(NAME, url.get_secret_value(), b"", {})
    except ChannelError as error:
        raise DependencyUnavailable(NAME, error.detail, code=error.code) from None
    finally:
        await http.close()
    return True
