"""An installation whose keys are files of a folder, run by two workers and two gateways that are restarted in turn."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from relance.settings.gateway import SIGNING_SECRETS
from relance.settings.privacy import CODEC_KEY, LINK_KEY, SUPPRESSION_KEY
from tests.docs.pages import ROOT
from tests.support.installation import Installation
from tests.support.keys import a_key
from tests.support.patience import PATIENCE_S
from tests.support.worker_process import WorkerProcess

GATEWAY_PORT = "RELANCE_GATEWAY__PORT"
KEYS = (LINK_KEY, SUPPRESSION_KEY, CODEC_KEY, SIGNING_SECRETS)


@dataclass
class Site:
    """Its processes have every key from `folder` alone; the blocks of the document run beside them."""

    installation: Installation
    folder: Path
    port: str
    workers: list[WorkerProcess] = field(default_factory=list)
    gateways: list[WorkerProcess] = field(default_factory=list)

    @classmethod
    async def of(cls, installation: Installation, folder: Path) -> Site:
        """Move the installation's keys into the folder, and start everything."""
        folder.mkdir(mode=0o700)
        environment = installation.environment
        keys = {CODEC_KEY: a_key()} | {name: environment.pop(name) for name in KEYS if name in environment}
        for name, key in keys.items():
            (folder / name).write_text(key + "\n")
        environment["RELANCE_SECRETS_DIR"] = str(folder)
        site = cls(installation, folder, environment.pop(GATEWAY_PORT))
        # The first one records the keys: two at once might not agree.
        first = await site._worker()
        second, *site.gateways = await asyncio.gather(site._worker(), site._gateway(), site._gateway())
        site.workers = [first, second]
        return site

    @property
    def url(self) -> str:
        """Where the gateways listen."""
        return f"http://127.0.0.1:{self.port}"

    def keys(self) -> dict[str, list[str]]:
        """Return the keys of each setting, as the files have them now."""
        return {name: (self.folder / name).read_text().strip().split(",") for name in KEYS}

    async def run(self, block: str) -> str:
        """Run a block of the document to its end; return what it printed."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", block.replace(".venv/bin/python", sys.executable)),
            cwd=ROOT,
            env={**os.environ, **self.installation.environment, "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, block
        return printed.decode()

    async def restart(self, *, kill: bool = False) -> None:
        """Restart every process in turn, a worker beside a gateway; with `kill` the first worker gets SIGKILL."""
        for number in range(2):
            await asyncio.gather(self._replace_worker(number, kill=kill and number == 0), self.replace_gateway(number))

    async def restart_gateways(self) -> None:
        """Restart the gateways in turn."""
        for number in range(2):
            await self.replace_gateway(number)

    async def replace_gateway(self, number: int) -> None:
        """Stop one of the gateways and start another one for it."""
        await _stopped(self.gateways[number])
        self.gateways[number] = await self._gateway()

    async def _replace_worker(self, number: int, *, kill: bool) -> None:
        if kill:
            self.workers[number].kill()
            await self.workers[number].end()
        else:
            await _stopped(self.workers[number])
        self.workers[number] = await self._worker()

    async def _worker(self) -> WorkerProcess:
        return await self.installation.start_worker()

    async def _gateway(self) -> WorkerProcess:
        return await self.installation.start_worker(role="gateway", environment={GATEWAY_PORT: self.port})


async def _stopped(process: WorkerProcess) -> None:
    code, _ = await process.stop()
    assert code == 0, process.output
