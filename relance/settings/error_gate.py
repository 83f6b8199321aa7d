"""The settings of what stops a cycle by itself (SPEC C10)."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from relance.domain.cycle.error_gate import GatePolicy
from relance.settings.group import SettingsGroup


class ErrorGateGroup(SettingsGroup):
    """When errors pause a cycle until a person resumes it."""

    canary: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Mails of a cycle that go first, of the whole installation; the rest waits for their results.",
    )
    size: int = Field(
        500,
        ge=0,
        le=100_000,
        description="Results of a cycle looked back on, of the whole installation, reminders and later tries too; 0 "
        "switches the gate off.",
    )
    share: Decimal = Field(
        Decimal("0.01"),
        ge=0,
        lt=1,
        description="Users with a final error, as a share of these results, above which the cycle is paused.",
    )

    @property
    def policy(self) -> GatePolicy:
        """The policy these settings describe."""
        return GatePolicy(self.canary, self.size, self.share)
