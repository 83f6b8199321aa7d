"""Named timeouts and retry policies: every activity call of every workflow uses one of these."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class ActivityOptions(TypedDict, total=False):
    """The options of one activity call."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


class LocalActivityOptions(TypedDict, total=False):
    """The options of one local activity call."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy


PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=2)
)
"""For work that must be done whenever its dependency is back: no limit of attempts."""

LOOK_UP: ActivityOptions = {"start_to_close_timeout": timedelta(seconds=60), "retry_policy": PATIENT}
"""A short read or write in the database."""

LOOK: ActivityOptions = {"start_to_close_timeout": timedelta(minutes=5), "retry_policy": PATIENT}
"""A round of looks, each with a deadline of its own."""

SOON: ActivityOptions = {
    "schedule_to_close_timeout": timedelta(seconds=45),
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""A short write that means something else when it cannot be done."""

TELL: ActivityOptions = {"start_to_close_timeout": timedelta(minutes=5), "retry_policy": PATIENT}
"""A message that is sent without a limit of attempts."""

COUNT: ActivityOptions = {
    # A quarter of a minute for five million entries; a server that is busy or reads from a slow disk takes longer.
    "start_to_close_timeout": timedelta(hours=1),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""A question that goes over a whole period, range by range; goes on where the count was cut off."""

PLAN: ActivityOptions = {
    "start_to_close_timeout": timedelta(hours=1),
    "heartbeat_timeout": timedelta(seconds=60),
    "retry_policy": PATIENT,
}
"""A pass over all users, page by page; resumes at the page it had reached."""

BATCH: ActivityOptions = {
    "start_to_close_timeout": timedelta(hours=12),
    # Short enough that a dead worker's batch goes on soon, long enough for a loop that is busy for some seconds.
    "heartbeat_timeout": timedelta(seconds=15),
    "retry_policy": PATIENT,
}
"""One batch of mails; a slow relay may take hours for it."""

STEP: ActivityOptions = {
    "start_to_close_timeout": timedelta(hours=2),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""The due mails of one user."""

LOCAL_STEP: LocalActivityOptions = {
    # It begins no mail after some seconds; this is for the reply to the last one, and for a database that is slow.
    "start_to_close_timeout": timedelta(minutes=3),
    # What fails is tried again by the mail queue.
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""The due mails of one user, within the workflow task."""

SWEEP: ActivityOptions = {
    # A cleanup that cannot end within a night is a failure people should know of; the next one goes on.
    "schedule_to_close_timeout": timedelta(hours=12),
    "start_to_close_timeout": timedelta(hours=6),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""One pass of the cleanup over a collection, page by page."""

RECONCILE: ActivityOptions = {
    # The next run has the same to do, and knows more.
    "schedule_to_close_timeout": timedelta(minutes=50),
    "start_to_close_timeout": timedelta(minutes=45),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""A pass over the users of the running periods; resumes at the page it had reached."""

WAKE: ActivityOptions = {
    # What is still asleep after that is the reconciliation's, and is overdue by then.
    "schedule_to_close_timeout": timedelta(hours=12),
    "start_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": PATIENT,
}
"""A pass over the users of a period, group by group; resumes at the page it had reached."""

FORGET: ActivityOptions = {
    "start_to_close_timeout": timedelta(hours=1),
    # Somebody waits for it, and an attempt that comes too soon does no harm.
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": PATIENT,
}
"""A pass over everything that is kept about one person."""

POST: ActivityOptions = {
    # A channel that fails for longer than this is passed over for the next one; the message is not given up.
    "schedule_to_close_timeout": timedelta(minutes=10),
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
    ),
}
"""One message to one channel."""


def report_options(patience: timedelta) -> ActivityOptions:
    """Return the options of a look at a report: tries grow apart from a hundredth to a tenth of the patience."""
    return {
        "schedule_to_close_timeout": patience,
        "start_to_close_timeout": timedelta(minutes=15),
        "heartbeat_timeout": timedelta(seconds=30),
        "retry_policy": RetryPolicy(
            initial_interval=patience / 100, backoff_coefficient=2.0, maximum_interval=patience / 10
        ),
    }
