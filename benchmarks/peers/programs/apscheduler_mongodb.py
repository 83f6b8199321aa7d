"""APScheduler 3 with the MongoDB job store: a date job per reminder, threads with a connection each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import mailing
from apscheduler.executors.pool import ThreadPoolExecutor as Executor
from apscheduler.jobstores.mongodb import MongoDBJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from pymongo import MongoClient


def remind(kind: str, number: int) -> None:
    """Run by the scheduler."""
    mailing.send(kind, number)


def main() -> None:
    """Serve and invite in one process: job stores must not be shared between schedulers."""
    store = MongoDBJobStore(client=MongoClient(mailing.SERVER, w="majority", journal=True))
    scheduler = BackgroundScheduler(
        jobstores={"default": store},
        executors={"default": Executor(mailing.CONNECTIONS)},
        job_defaults={"misfire_grace_time": None, "coalesce": False},
        timezone=UTC,
    )
    scheduler.start()
    threads = ThreadPoolExecutor(mailing.CONNECTIONS)
    for order in mailing.orders():
        first, second = (datetime.fromtimestamp(order[kind], UTC) for kind in (mailing.FIRST, mailing.SECOND))
        # A running scheduler reads its store again after each job that is added.
        scheduler.pause()

        def invite(number: int, first: datetime = first, second: datetime = second) -> None:
            mailing.send(mailing.INVITATION, number)
            scheduler.add_job(remind, "date", run_date=first, args=(mailing.FIRST, number))
            scheduler.add_job(remind, "date", run_date=second, args=(mailing.SECOND, number))
            mailing.record(mailing.REGISTERED, number)

        list(threads.map(invite, range(order["begin"], order["end"])))
        scheduler.resume()
        mailing.answer()


if __name__ == "__main__":
    main()
