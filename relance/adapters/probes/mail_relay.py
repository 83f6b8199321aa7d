"""Does the mail relay greet us, let us in and answer?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relance.adapters.probes.timing import milliseconds
from relance.adapters.smtp.opening import Opener
from relance.domain.health.probes import ProbeName
from relance.ports.health import ProbeReading
from relance.settings.mail import MailGroup


@dataclass(frozen=True, slots=True)
class MailRelayProbe:
    """A conversation of its own: connect, EHLO, authenticate, NOOP, QUIT. The breaker of the mails is not asked."""

    check_connection: Callable[[], Awaitable[None]]
    deadline: float
    name: str = ProbeName.MAIL_RELAY

    async def look(self) -> ProbeReading:
        """Return how long it took."""
        return await milliseconds(self.check_connection())


def mail_relay_probe(mail: MailGroup, deadline: float) -> MailRelayProbe:
    """Return the probe of the relay that the settings name."""
    hasty = mail.model_copy(update={"connect_timeout": deadline, "command_timeout": deadline})
    opener = Opener(hasty)

    async def check_connection() -> None:
        session = await opener.open()
        try:
            await session.noop()
        finally:
            await session.quit()

    return MailRelayProbe(check_connection, deadline)
