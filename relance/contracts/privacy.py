"""What travels to and from the workflow that forgets a person: the id of a record, never whom it is about."""

from __future__ import annotations

from pydantic import Field

from relance.domain.base import Wire


class ForgetInput(Wire):
    """Input of ForgetPerson, and of its activities."""

    erasure_id: str


class ForgetStep(Wire):
    """What one pass has done; `under_way` mails or plans must be waited for, and nothing was erased yet if there are.

    `found` counts by store what there was in the beginning.
    """

    under_way: int = 0
    found: dict[str, int] = Field(default_factory=dict)
