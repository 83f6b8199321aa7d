"""A month of the demo in Temporal Web, for `screenshots.py`: a follow-up's life, and the cycle that started it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from chromium import tab

import starter
from relance import ids
from relance.cli.base.command import Run
from relance.cli.base.output import Output
from relance.cli.demo.answers import Answers
from relance.cli.demo.month import Story
from relance.cli.demo.virtual_time import FastMotion
from relance.cli.dev.embedded import Embedded, embedded, load_people
from relance.devstack.stack import Ports
from relance.domain.cycle.send_times import current_period, next_period

USERS, CONTACTS = 20, 5
USER = "u0001"
WIDTH, HEIGHT = 1400, 1500
# What is left of and above a workflow's page: navigation and the namespace.
LEFT, TOP = 257, 50
DRAWN = 2.0
"""Seconds in which a page that has its data also shows it; details are drawn in a frame of their own."""


@dataclass(frozen=True)
class Page:
    """A page of Temporal Web: `shows` is a text that is there when it has its data."""

    url: str
    shows: str
    picture: str
    height: int


def temporal(images: Path) -> None:
    """Run the demo on an embedded stack and write its pictures."""
    asyncio.run(_temporal(images))


async def _temporal(images: Path) -> None:
    run = Run(starter.services(), Output(as_json=False))
    async with embedded(run, folder=None, ports=Ports(), database="relance_pictures") as place:
        await load_people(run, place, USERS, CONTACTS)
        async with run.services.database(place.settings) as database:
            await database.ensure_indexes()
            period = next_period(current_period(run.services.clock.now(), place.settings.scheduling.default_zone))
            motion = FastMotion(place.client, database.ledger, period)
            story = Story(run, place, database, period, motion, Answers(place, database))
            await story.invite()
            await story.remind()
        follow_up = await _url(place, ids.follow_up_workflow_id(period, USER))
        cycle = await _url(place, ids.cycle_workflow_id(period))
        pages = [
            Page(f"{follow_up}/timeline", "second reminder (J+7) for contact", "temporal-web-follow-up.png", 1228),
            Page(f"{cycle}/timeline", f"plan • write the plans of {period}", "temporal-web-cycle.png", 1250),
            Page(f"{cycle}/user-metadata", "Current Details", "temporal-web-cycle-details.png", 620),
        ]
        await asyncio.to_thread(_take, pages, images)


async def _url(place: Embedded, workflow_id: str) -> str:
    found = await place.client.get_workflow_handle(workflow_id).describe()
    namespace = place.client.namespace
    return f"{place.stack.temporal_ui}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}/{found.run_id}"


def _take(pages: list[Page], images: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, tab(Path(folder)) as browser:
        browser.resize(WIDTH, HEIGHT)
        for page in pages:
            browser.open(page.url, f"document.body.innerText.includes({page.shows!r})")
            time.sleep(DRAWN)
            target = images / page.picture
            target.write_bytes(browser.capture(LEFT, TOP, WIDTH - LEFT, page.height))
            print(f"{target.name}: {WIDTH - LEFT} x {page.height}, {target.stat().st_size // 1024} kB")
