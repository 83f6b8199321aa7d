"""Where absences happen: the embedded servers, an installation of its own, and one calendar for all but the servers."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from relance.devstack import mailbox_server
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Given
from tests.faults.away.calendar import Calendar
from tests.faults.away.motion import Motion
from tests.faults.away.people import Crowd
from tests.faults.mail.site import IMPATIENT, Site
from tests.faults.scenario import Say
from tests.faults.servers import Servers, restartable_servers
from tests.support.installation import installed

# Each timer that a skip passes is fired only after this; by default it is a second, for the clocks of several hosts.
SKIPS_QUICKLY = {"history.timerProcessorMaxTimeShift": "10ms"}
# A server that is away is what we came for, and standard output is for the report.
_SILENT = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))


@dataclass(frozen=True, slots=True)
class Away:
    """Running servers, the people there, and the day it is for them."""

    site: Site
    servers: Servers
    calendar: Calendar
    motion: Motion
    crowd: Crowd

    @property
    def say(self) -> Say:
        """Tells a person how far the run is."""
        return self.site.say


@asynccontextmanager
async def opened(name: str, crowd: Crowd, say: Say, environment: Mapping[str, str]) -> AsyncIterator[Away]:
    """Start everything with one worker, and insert the crowd; every process but the two servers has the calendar's day.

    Raises:
        NotRun: libfaketime is not there.
    """
    Runtime.set_default(Runtime(telemetry=_SILENT), error_if_already_set=False)
    say("starting Temporal, MongoDB, the mailbox and a worker")
    with tempfile.TemporaryDirectory(prefix="relance-faults-", ignore_cleanup_errors=True) as folder:
        calendar = Calendar(Path(folder) / "calendar")
        variables = calendar.environment
        server = await mailbox_server.start(Path(folder), variables=variables)
        given = Given(mailbox_smtp=server.smtp, mailbox_http=server.http)
        try:
            async with (
                restartable_servers(given=given, dynamic_config=SKIPS_QUICKLY) as servers,
                Mailbox(server.http) as mailbox,
                installed(servers.stack, name, {**IMPATIENT, **variables, **environment}) as installation,
            ):
                await installation.load(*crowd.documents())
                await installation.start_worker()
                site = Site(servers.stack, server, mailbox, installation, Path(folder), say)
                yield Away(site, servers, calendar, Motion(installation.client, calendar), crowd)
        finally:
            await server.stop()
