"""What the mail intake needs: who signed a token, and where it records what it read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from relance.domain.intake.records import IntakeLag, IntakeRecord, KeptMessage


class MailTokens(Protocol):
    """The tokens in addresses and links of our mails."""

    def read_bounce_token(self, token: str) -> tuple[str, str | None]:
        """Return the period and the invitation a bounce token names; without one it is found by `bounce_tokens`.

        Raises:
            InvalidInput: we did not make it.
        """

    def bounce_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the bounce tokens an invitation may have, one per key."""

    def unsubscribed(self, token: str) -> str:
        """Return the invitation a link to unsubscribe was signed for.

        Raises:
            InvalidInput: we did not make it.
        """

    def read_mailto_token(self, token: str) -> tuple[str, str | None]:
        """Return what a token in the address of an unsubscribe mail names, like `read_bounce_token`.

        Raises:
            InvalidInput: we did not make it.
        """

    def mailto_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the tokens of an invitation for that address, one per key."""


class IntakeMessages(Protocol):
    """The messages that were read: records without personal data, and for a while those that need a person."""

    async def record_of(self, digest: str) -> IntakeRecord | None:
        """Return the record of a message."""

    async def record(self, record: IntakeRecord, keep_for: timedelta) -> None:
        """Record a message once; what was recorded first stays."""

    async def keep(self, message: KeptMessage, keep_for: timedelta) -> None:
        """Keep a message that could not be attributed."""

    async def kept(self, digest: str) -> KeptMessage | None:
        """Return a message that was kept."""

    async def listed(self, outcomes: Sequence[str], after: str, limit: int) -> list[IntakeRecord]:
        """Return records with these outcomes (none: all of those kept), in order of digest, after one."""

    async def beginning(self, digest: str) -> list[IntakeRecord]:
        """Return the records whose digests begin so, two at most."""

    async def failures_of(self, invitation_ids: Sequence[str], since: datetime) -> list[IntakeRecord]:
        """Return the recorded failures of these invitations since an instant."""

    async def reports_of(self, invitation_ids: Sequence[str], since: datetime) -> list[IntakeRecord]:
        """Return everything that came back about these invitations since an instant, also what changed nothing."""

    async def lag(self, now: datetime) -> IntakeLag:
        """Return how far the intake is behind."""

    async def invitation_ids(self, period: str, after: str, limit: int) -> list[str]:
        """Return ids of the period's invitations, in order, after one."""
