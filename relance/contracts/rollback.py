"""What travels when a cycle is cancelled or rolled back: ids of users and counts."""

from __future__ import annotations

from pydantic import Field

from relance.contracts.cycle import MailCounts
from relance.domain.base import Id, Period, Utc, Wire


class GiveUpInput(Wire):
    """Asks to give up what the period's control gives up; `at` is the workflow's time."""

    period: Period
    at: Utc


class GivenUp(Wire):
    """What was changed over all attempts, by `<collection>.<status before>`; `in_flight` is still to be waited for.

    `reached` counts the invitations that arrived or may have.
    """

    changes: dict[str, int] = Field(default_factory=dict)
    in_flight: int = 0
    reached: int = 0


class RollBackInput(Wire):
    """Input of RollBack; the period's control says `rolled_back` already.

    Across continue-as-new carry on: `result`, what was done so far, and `correcting`, where the corrections are.
    """

    period: Period
    correction: bool = False
    result: RollBackResult | None = None
    correcting: Correcting | None = None


class RollBackResult(Wire):
    """What a rollback did. `reached` got the invitation, or may have; `corrections` counts their mails."""

    period: Period
    changes: dict[str, int] = Field(default_factory=dict)
    follow_ups: int = 0
    reached: int = 0
    corrections: MailCounts | None = None


class CorrectionInput(Wire):
    """Asks for the corrections of one page of users: those after `after`, up to `last` or one page's worth."""

    period: Period
    at: Utc
    after: Id | None = None
    last: Id | None = None
    tries: int = 0


class CorrectionResult(Wire):
    """What one page's corrections came to; `last` is None after the last page, `retry_at` set if some were put off."""

    counts: MailCounts = MailCounts()
    last: Id | None = None
    retry_at: Utc | None = None


class PutOffPage(Wire):
    """A page of corrections of which some are to be tried again at `at`: the users after `after`, up to `last`."""

    after: Id | None = None
    last: Id | None = None
    tries: int = 0
    deferred: int = 0
    at: Utc | None = None


class Correcting(Wire):
    """How far the corrections are: the next page begins after `after`, unless all pages were sent once (`through`)."""

    after: Id | None = None
    through: bool = False
    put_off: tuple[PutOffPage, ...] = ()


RollBackInput.model_rebuild()
