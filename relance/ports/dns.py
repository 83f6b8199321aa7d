"""What the checks of the mail set-up need from outside (SPEC section 14)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion


class DnsLookups(Protocol):
    """Answers questions about DNS; every failure is an answer, and nothing takes longer than its patience."""

    @property
    def reached(self) -> bool:
        """Whether any name server has said anything so far."""

    async def ask(self, questions: Collection[DnsQuestion]) -> Mapping[DnsQuestion, DnsAnswer]:
        """Answer all of them, several at once."""
