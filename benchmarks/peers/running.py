"""The processes of one peer: started, told what to do, measured, killed."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

READY_S = 120.0


@dataclass
class Programs:
    """The running processes; each ends when its standard input closes."""

    command: Sequence[str]
    environment: Mapping[str, str]
    processes: int
    log: Path
    running: list[Process] = field(default_factory=list)

    async def start(self) -> None:
        """Start them all and wait until they serve."""
        with self.log.open("ab") as log:
            for place in range(self.processes):
                environment = {**self.environment, "PEERS_PLACE": str(place)}
                command = asyncio.create_subprocess_exec(
                    *self.command, stdin=PIPE, stdout=PIPE, stderr=log, env=environment
                )
                self.running.append(await command)
        await asyncio.gather(*(self._answer(process) for process in self.running))

    async def invite(self, begin: int, end: int, first: float, second: float) -> None:
        """Let each process start its share of these invitations, with the instants of their reminders."""
        count = len(self.running)
        cuts = [begin + (end - begin) * place // count for place in range(count + 1)]
        for process, start, stop in zip(self.running, cuts, cuts[1:], strict=False):
            order = {"begin": start, "end": stop, "first": first, "second": second}
            assert process.stdin is not None
            process.stdin.write(json.dumps(order).encode() + b"\n")
        await asyncio.gather(*(self._answer(process, None) for process in self.running))

    def cpu_s(self) -> float:
        """Return the processor time of all of them and their children so far."""
        return sum(tree_cpu_s(process.pid) for process in self.running)

    async def kill(self) -> None:
        """End all of them at once, with their children, as a crash of the machine would."""
        for process in self.running:
            # A process may end by itself meanwhile.
            with suppress(psutil.NoSuchProcess):
                for one in _tree(process.pid):
                    with suppress(psutil.NoSuchProcess):
                        one.send_signal(signal.SIGKILL)
            await process.wait()
        self.running.clear()

    async def stop(self) -> None:
        """Close their input; whoever has not ended after a while is killed."""
        for process in self.running:
            assert process.stdin is not None
            process.stdin.close()
        try:
            async with asyncio.timeout(8):
                await asyncio.gather(*(process.wait() for process in self.running))
        except TimeoutError:
            await self.kill()

    async def _answer(self, process: Process, patience_s: float | None = READY_S) -> None:
        assert process.stdout is not None
        async with asyncio.timeout(patience_s):
            said = await process.stdout.readline()
        if not said:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(self.command)} ended; its log {self.log} ends with\n{tail}")


def tree_cpu_s(pid: int) -> float:
    """Return the processor time of a process, of its children and of those it has waited for."""
    return sum(sum(one.cpu_times()[:4] if one.pid == pid else one.cpu_times()[:2]) for one in _tree(pid))


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
