"""What travels to and from the follow-up of one user's invitations."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from relance.domain.base import Id, Period, Utc, Wire
from relance.domain.events import EventKind


class Step(StrEnum):
    """What an invitation's next timer stands for."""

    RETRY = "retry"
    FIRST = "first"
    SECOND = "second"
    EXPIRY = "expiry"


class Followed(Wire):
    """Invitations of one user that share their instants; `retry_at` is set for those not yet accepted."""

    contacts: tuple[Id, ...]
    first: Utc | None = None
    second: Utc | None = None
    expiry: Utc | None = None
    retry_at: Utc | None = None


class FollowUpInput(Wire):
    """Input of FollowUp; `ended` and `done` carry on across continue-as-new."""

    period: Period
    user_id: Id
    part: int = 0
    groups: tuple[Followed, ...]
    expiry_days: int


class DueGroup(Wire):
    """Contacts whose same step is due now; `tries` counts the attempts this step has had already."""

    step: Step
    contacts: tuple[Id, ...]
    tries: int = 0


class StepInput(Wire):
    """One activity for everything of one user that is due now (SPEC R4); `at` is the workflow's time."""

    period: Period
    user_id: Id
    at: Utc
    expiry_days: int
    due: tuple[DueGroup, ...]


class StepResult(Wire):
    """What became of each contact's step.

    `sent`: a mail was accepted. `skipped`: nothing was sent this time, with the reason. `ended`: no further timer is
    needed, with the reason. `retry`: another try at that instant. `put_off`: not tried, because the cycle is paused
    or the provider slow; again at that instant. `due`: the instants of invitations that were accepted only now.
    """

    sent: tuple[Id, ...] = ()
    skipped: dict[Id, str] = Field(default_factory=dict)
    ended: dict[Id, str] = Field(default_factory=dict)
    retry: dict[Id, Utc] = Field(default_factory=dict)
    put_off: dict[Id, Utc] = Field(default_factory=dict)
    due: tuple[Followed, ...] = ()


class InvitationEvent(Wire):
    """The signal `event`: something that happened to an invitation; already written to the database."""

    invitation_id: str
    kind: EventKind
    at: Utc


class Wake(Wire):
    """The signal `wake`: what the ledger says is still to come; a follow-up that knows it already changes nothing."""

    groups: tuple[Followed, ...]


class FollowedState(Wire):
    """One line of the answer to the query `steps`."""

    contact_id: Id
    step: Step | None
    due: Utc | None
    ended: str | None
