"""The settings of the daily digest and the noise report (SPEC A2, A3)."""

from __future__ import annotations

from pydantic import Field

from relance.settings.group import Group


class DigestGroup(Group):
    """What people are told without asking."""

    when_quiet: bool = Field(
        True, description="Whether a day or week without anything to tell is told all the same, in one line."
    )
