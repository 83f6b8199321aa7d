"""Opening connections behind a breaker: a relay that is down is not asked by every mail (SPEC X3)."""

from __future__ import annotations

from weakref import WeakSet

from relance.adapters.breaker import Breaker, Verdict
from relance.adapters.smtp.opening import Opener
from relance.adapters.smtp.session import Session
from relance.domain.failures.smtp import UNREACHABLE_RELAY
from relance.errors import DependencyUnavailable, MailRefused


class GuardedOpener:
    """Opens sessions unless the relay has just failed to."""

    def __init__(self, opener: Opener, breaker: Breaker) -> None:
        self._opener = opener
        self._breaker = breaker
        self._opened: WeakSet[Session] = WeakSet()

    async def open(self) -> Session:
        """Open a session.

        Raises:
            DependencyUnavailable: as `Opener.open`; also at once, with `retry_after`, while the breaker is open.
            MailRefused: the relay refuses for good; stage `connect` or `auth`.
        """
        with self._breaker.call(self._verdict, _left_alone):
            session = await self._opener.open()
        self._opened.add(session)
        return session

    def _verdict(self, error: Exception) -> Verdict:
        if not isinstance(error, DependencyUnavailable | MailRefused):
            return Verdict.NOTHING
        # A relay that allows so many connections and not one more is not down.
        return Verdict.NOTHING if any(not session.lost for session in self._opened) else Verdict.FAILURE


def _left_alone(detail: str, seconds: float) -> DependencyUnavailable:
    return DependencyUnavailable("relay", detail, code=UNREACHABLE_RELAY, retry_after=seconds)
