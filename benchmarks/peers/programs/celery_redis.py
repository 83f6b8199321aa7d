"""Celery with Redis: a task per mail, its reminders tasks with an `eta`. The worker is a child of this process."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import mailing
import redis
from celery import Celery

VISIBILITY_TIMEOUT_S = 8 * 24 * 3600
READY_S = 60.0
app = Celery("celery_redis", broker=mailing.SERVER)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=64,
    # Longer than the farthest eta: a task that waits longer would be delivered again.
    broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT_S},
    visibility_timeout=VISIBILITY_TIMEOUT_S,
    worker_hijack_root_logger=False,
)


@app.task
def invite(number: int, first: float, second: float) -> None:
    """Send an invitation, then leave its two reminders with the broker."""
    mailing.send(mailing.INVITATION, number)
    for kind, due in ((mailing.FIRST, first), (mailing.SECOND, second)):
        remind.apply_async((kind, number), eta=datetime.fromtimestamp(due, UTC))
    mailing.record(mailing.REGISTERED, number)


@app.task
def remind(kind: str, number: int) -> None:
    """Send a reminder."""
    mailing.send(kind, number)


def main() -> None:
    """Start the worker, then leave invitations with the broker as told."""
    options = ["--without-gossip", "--without-mingle", "--loglevel=error", f"--concurrency={2 * mailing.PROCESSES}"]
    command = [sys.executable, "-m", "celery", "-A", "celery_redis", "worker", "-O", "fair", *options]
    with subprocess.Popen(command, cwd=Path(__file__).parent, stdout=sys.stderr) as worker:
        _wait_until_it_serves()
        for order in mailing.orders():
            for number in range(order["begin"], order["end"]):
                invite.delay(number, order[mailing.FIRST], order[mailing.SECOND])
            mailing.answer()
        worker.terminate()


def _wait_until_it_serves() -> None:
    deadline = time.monotonic() + READY_S
    broker = redis.Redis.from_url(mailing.SERVER)
    while not app.control.ping(timeout=0.5):
        if time.monotonic() > deadline:
            raise RuntimeError("the Celery worker does not answer")
    broker.close()


if __name__ == "__main__":
    main()
