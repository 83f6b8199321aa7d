"""What travels to and from the follow-up of one user's invitations."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from pydantic import Field

from relance.contracts.names import TaskQueue
from relance.domain.base import Id, Period, Utc, Wire
from relance.domain.invitations.events import EventKind


class FollowUpStep(StrEnum):
    """What an invitation's next timer stands for."""

    RETRY = "retry"
    FIRST = "first"
    SECOND = "second"
    EXPIRY = "expiry"


class DueStep(Wire):
    """One step of an invitation that is still ahead, and its instant."""

    step: FollowUpStep
    at: Utc


class Followed(Wire):
    """Invitations of one user that share their instants; `retry_at` is set for those not yet accepted."""

    contacts: tuple[Id, ...]
    first: Utc | None = None
    second: Utc | None = None
    expiry: Utc | None = None
    retry_at: Utc | None = None

    @cached_property
    def steps(self) -> tuple[DueStep, ...]:
        """The steps of each of them, in order; made once for all, because thousands of follow-ups are in memory."""
        known = (
            (self.retry_at, FollowUpStep.RETRY),
            (self.first, FollowUpStep.FIRST),
            (self.second, FollowUpStep.SECOND),
            (self.expiry, FollowUpStep.EXPIRY),
        )
        return tuple(DueStep(step=step, at=at) for at, step in known if at is not None)


class Kept(Wire):
    """Invitations of one user that stand at the same point, for the next run.

    `steps` are those still ahead, in order. `tries` counts the attempts of the first of them, `errors` how often its
    activity has failed for good. `held`: it is due and waits for the cycle to go on. `ended`: no step is needed any
    more, with the reason.
    """

    contacts: tuple[Id, ...]
    steps: tuple[DueStep, ...] = ()
    tries: int = 0
    errors: int = 0
    held: bool = False
    ended: str | None = None


class FollowUpState(Wire):
    """Everything a follow-up knows, for continue-as-new.

    `look_at` is when held steps are looked at again without a signal, `looks` how often that was done in this pause;
    `held_since` is when an activity said last that the cycle is paused.
    """

    kept: tuple[Kept, ...] = ()
    look_at: Utc | None = None
    looks: int = 0
    held_since: Utc | None = None


class FollowUpInput(Wire):
    """Input of FollowUp; `state` carries everything on across continue-as-new, and `groups` is empty then.

    `may_continue` is False in inputs of versions whose follow-ups could not continue as new: an open run of theirs may
    have passed the server's suggestion, and replays without it. `local`: it runs
    on the queue of the mails, where what comes due is tried in a local activity first.
    """

    period: Period
    user_id: Id
    part: int = 0
    groups: tuple[Followed, ...]
    expiry_days: int
    may_continue: bool = False
    local: bool = False
    state: FollowUpState | None = None

    def on(self, queue: TaskQueue) -> FollowUpInput:
        """Return the input of a follow-up that is started on a queue; a replay does not know where it ran."""
        return self.model_copy(update={"local": queue is TaskQueue.MAIL})


class DueGroup(Wire):
    """Contacts whose same step is due now; `tries` counts the attempts this step has had already."""

    step: FollowUpStep
    contacts: tuple[Id, ...]
    tries: int = 0


class StepInput(Wire):
    """One activity for everything of one user that is due now (SPEC R4); `at` is the workflow's time.

    `holds`: the workflow understands `StepResult.held`. `after_local`: a local activity has begun with them, so that
    there may be claims that nobody works at any more.
    """

    period: Period
    user_id: Id
    at: Utc
    expiry_days: int
    due: tuple[DueGroup, ...]
    holds: bool = False
    after_local: bool = False


class StepResult(Wire):
    """What became of each contact's step.

    `sent`: a mail was accepted. `skipped`: nothing was sent this time, with the reason. `ended`: no further timer is
    needed, with the reason. `retry`: another try at that instant. `put_off`: not tried, because the provider is slow
    or the last mail too fresh; again at that instant. `held`: not tried, because the cycle is paused. `due`: the
    instants of invitations that were accepted only now. `left`: not done by a local activity, and not to be waited for.
    `may_continue` is False in results of versions whose follow-ups could not continue as new.
    """

    sent: tuple[Id, ...] = ()
    skipped: dict[Id, str] = Field(default_factory=dict)
    ended: dict[Id, str] = Field(default_factory=dict)
    retry: dict[Id, Utc] = Field(default_factory=dict)
    put_off: dict[Id, Utc] = Field(default_factory=dict)
    held: tuple[Id, ...] = ()
    due: tuple[Followed, ...] = ()
    left: tuple[Id, ...] = ()
    may_continue: bool = False


class InvitationEvent(Wire):
    """The signal `event`: something that happened to an invitation; already written to the database."""

    invitation_id: str
    kind: EventKind
    at: Utc


class Wake(Wire):
    """The signal `wake`: what the ledger says is still to come; a follow-up that knows it already changes nothing.

    Held steps are looked at again in any case; without `groups` that is all it asks for.
    """

    groups: tuple[Followed, ...] = ()


class FollowedState(Wire):
    """One line of the answer to the query `steps`; `held`: due, and waits for the cycle to go on."""

    contact_id: Id
    step: FollowUpStep | None
    due: Utc | None
    ended: str | None
    held: bool = False
