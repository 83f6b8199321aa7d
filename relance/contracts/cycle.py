"""What travels between the workflows and activities of a monthly cycle: ids, instants and counts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.contracts.control import ControlChange
from relance.contracts.waves import PutOffInstant, WaveHour
from relance.domain.base import Period, Utc, Wire


class CycleOptions(Wire):
    """Limits of one cycle, read from the settings by its starter and fixed for the run.

    `follow_every` is after which time the follow-ups of finished batches start while others are still being sent.
    Earlier ones cost the mails their pace: with follow-ups after each batch the rate was 0.25 of a bare loop's, with a
    page's mails first 0.56.
    """

    batch_users: int = Field(default=50, ge=1, le=1000)
    batches_in_flight: int = Field(default=4, ge=1, le=64)
    replan_every: timedelta = timedelta(hours=1)
    max_late: timedelta = timedelta(days=7)
    expiry_days: int = Field(default=30, ge=8, le=365)
    waves_per_hour: int = Field(default=3600, ge=60, le=100_000)
    follow_every: timedelta = timedelta(minutes=5)


class OpenPeriodInput(Wire):
    """Input of OpenPeriod, which a Schedule starts; the period comes from the nominal time in `zone` (SPEC C1)."""

    zone: str
    options: CycleOptions = CycleOptions()


class CycleInput(Wire):
    """Input of MonthlyCycle.

    `send_now` makes every plan due at once (a person's decision). `not_before` leaves out the send times before a
    fresh installation. Across continue-as-new, `progress` is what earlier runs of the same cycle counted, and `control`
    their current control.
    """

    period: Period
    options: CycleOptions = CycleOptions()
    send_now: bool = False
    not_before: Utc | None = None
    progress: CycleProgress | None = None
    control: ControlChange = ControlChange()


class MailCounts(Wire):
    """Outcomes of one batch, wave or cycle, as counted by those who sent; the ledger stays the truth.

    `deferred` are neither sent nor given up: their follow-up sends them later.
    """

    users: int = 0
    sent: int = 0
    skipped: int = 0
    failed: int = 0
    uncertain: int = 0
    deferred: int = 0
    resent: int = 0

    def __add__(self, other: MailCounts) -> MailCounts:
        """Return the sum, field by field."""
        return MailCounts(**{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields})


class PlanInput(Wire):
    """Input of the planning activity; `at` is the workflow's time, `opening` the first planning of a cycle."""

    period: Period
    at: Utc
    max_late: timedelta
    opening: bool = True
    send_now: bool = False
    not_before: Utc | None = None


class PlanResult(Wire):
    """What planning did; `notes` counts the fall-backs of SPEC C3 by code, `unreadable` the plans that are none.

    `on_defaults` are the users of whose day, time or zone at least one could not be used.
    """

    users: int = 0
    written: int = 0
    changed: int = 0
    skipped: int = 0
    quarantined: int = 0
    unreadable: int = 0
    on_defaults: int = 0
    notes: dict[str, int] = Field(default_factory=dict)


class NextWaveInput(Wire):
    """Asks for the earliest instant at which a plan is still to be sent, but those being worked on."""

    period: Period
    excluding: tuple[Utc, ...] = ()


class NextWave(Wire):
    """The earliest instant with open plans, and how many users it has; None when nothing is planned."""

    instant: Utc | None = None
    users: int = 0


class BatchesInput(Wire):
    """Asks for the next batch boundaries of a wave."""

    period: Period
    instant: Utc
    after_user: str | None
    batch_users: int
    limit: int = 64


class Boundary(Wire):
    """One batch: the users of a wave with `after < user_id <= last`."""

    after: str | None
    last: str
    users: int


class BatchInput(Wire):
    """Input of the batch activity; `at` is the workflow's time when it was scheduled."""

    period: Period
    instant: Utc
    boundary: Boundary
    at: Utc
    expiry_days: int
    max_late: timedelta


class BatchResult(Wire):
    """What one batch did and what it cost; `stopped` before its end because the cycle was paused or stopped."""

    counts: MailCounts
    duration: timedelta
    rss_peak_mb: float
    stopped: bool = False


class WaveResult(Wire):
    """What one wave did, and the answer to its query `progress`.

    `counts` are those of the batches that are done, `under_way` those of the others as of a few seconds ago; `sending`
    is the time to its last mail, `control` the current control of the wave's cycle.
    """

    counts: MailCounts = MailCounts()
    under_way: MailCounts = MailCounts()
    batches: int = 0
    batches_failed: int = 0
    slowest_batch: timedelta = timedelta(0)
    rss_peak_mb: float = 0.0
    started_at: Utc | None = None
    sending: timedelta = timedelta(0)
    duration: timedelta = timedelta(0)
    control: ControlChange = ControlChange()

    def with_batch(self, batch: BatchResult) -> WaveResult:
        """Return the sum with one more batch."""
        return self.model_copy(
            update={
                "counts": self.counts + batch.counts,
                "batches": self.batches + 1,
                "slowest_batch": max(self.slowest_batch, batch.duration),
                "rss_peak_mb": max(self.rss_peak_mb, batch.rss_peak_mb),
            }
        )


class WaveInput(Wire):
    """Input of SendWave; `after_user` and `result` carry on across continue-as-new.

    `may_continue` is False in inputs of versions whose waves could not continue as new within a page of batches: an
    open run of theirs must be replayed as it was.
    """

    period: Period
    instant: Utc
    options: CycleOptions = CycleOptions()
    after_user: str | None = None
    result: WaveResult | None = None
    may_continue: bool = False


class JobRunInput(Wire):
    """Records one run of a job for one nominal time (SPEC H3); `detail` are counts and codes, `figures` measured."""

    job: str
    nominal: Utc
    state: str
    at: Utc
    period: Period | None = None
    detail: dict[str, str | int] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)


class WaveLookInput(Wire):
    """Asks whether the wave of an instant runs, also one that another run started."""

    period: Period
    instant: Utc


class WaveLook(Wire):
    """Whether a wave runs; `result` once it has ended by itself, None if it was ended or never ran."""

    runs: bool
    result: WaveResult | None = None


class CycleProgress(Wire):
    """The answer to the query `progress`; `control` is the current control of the cycle.

    `counts` are those of the waves that are done, `under_way` those of the others as of a few seconds ago. `put_off`
    and `hour` carry on across continue-as-new.
    """

    period: Period
    stage: str = "starting"
    users_planned: int = 0
    waves_done: int = 0
    current_waves: tuple[Utc, ...] = ()
    next_wave: Utc | None = None
    counts: MailCounts = MailCounts()
    under_way: MailCounts = MailCounts()
    batches_failed: int = 0
    slowest_batch: timedelta = timedelta(0)
    rss_peak_mb: float = 0.0
    sending_time: timedelta = timedelta(0)
    started_at: Utc | None = None
    notes: dict[str, int] = Field(default_factory=dict)
    control: ControlChange = ControlChange()
    put_off: tuple[PutOffInstant, ...] = ()
    hour: WaveHour | None = None


class StatisticsInput(Wire):
    """Asks for the period's balance from the ledger and stores it with what the cycle measured.

    With `interim` the balance of some time ago and what is open now are enough, if the answer says so.
    With `last` the cycle ends after it, whatever is open.
    """

    period: Period
    progress: CycleProgress
    at: Utc
    interim: bool = False
    last: bool = False


class CycleStatistics(Wire):
    """How a cycle ended (SPEC C13): `eligible` are all contacts it had to decide about; `balance` must be 0.

    `open` are entries without an outcome yet: queued, being sent, or waiting for another try. `figures` are what was
    measured by the instant `at`, by name and unit (`domain.cycle_report`); `before` are all figures of `before_period`,
    the month before, as they were then. `plans_open` must be 0 at the end as well: these users were not written to.
    `plans_unreadable` were ended, because nobody could read them; `documents_unreadable` are all documents that the
    cycle could not read, by collection. `users_too_late` were not written to, because their send time was missed by
    too long.
    `interim` if only `open` is of now, and the rest of the stored balance.
    """

    period: Period
    eligible: int
    sent: int
    cancelled: int
    skipped: dict[str, int]
    failed: dict[str, int]
    uncertain: int
    open: int
    balance: int
    plans_open: int
    plans_unreadable: int = 0
    documents_unreadable: dict[str, int] = Field(default_factory=dict)
    users_too_late: int = 0
    progress: CycleProgress | None = None
    at: Utc | None = None
    figures: dict[str, float] = Field(default_factory=dict)
    before_period: Period | None = None
    before: dict[str, float] = Field(default_factory=dict)
    interim: bool = False


CycleInput.model_rebuild()
