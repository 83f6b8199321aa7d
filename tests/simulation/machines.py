"""The worker machines: started, killed, drained, away for days."""

from __future__ import annotations

from collections.abc import Callable

from relance.contracts.cycle import CycleOptions
from relance.ports import ClaimRequest
from tests.simulation.relay import Relay
from tests.simulation.temporal.cluster import Cluster
from tests.simulation.temporal.server import Workflows
from tests.simulation.workers import WorkerProcess
from tests.simulation.world import World


class Machines:
    """Keep as many workers running as there were at first, unless all of them are to stay away."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        relay: Relay,
        workflows: Workflows,
        watch: Callable[[WorkerProcess, ClaimRequest], None],
        options: CycleOptions,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._relay = relay
        self._workflows = workflows
        self._watch = watch
        self._options = options
        self._started = 0
        self._missing = 0
        self._held = False
        self.on_killed: Callable[[WorkerProcess], None] = lambda _: None

    def start(self) -> None:
        """Start a worker, or as soon as workers may run."""
        if self._held or self._world.loop.time() < self._world.workers_down_until:
            self._missing += 1
            return
        self._started += 1
        worker = WorkerProcess(self._world, self._started, self._relay, self._workflows, self._watch, self._options)
        worker.on_killed = self._killed
        self._cluster.join(worker)

    def hold(self) -> None:
        """Kill all, and start none before they are let go."""
        self._held = True
        for worker in list(self._cluster.workers):
            worker.kill()

    def let_go(self) -> None:
        """Start again what was killed."""
        self._held = False
        self._come_back()

    def kill(self) -> None:
        """Kill any one."""
        if self._cluster.workers:
            self._world.dice.choice(self._cluster.workers).kill()

    def drain(self) -> None:
        """Have any one finish what it is about, and end."""
        takers = [worker for worker in self._cluster.workers if worker.takes_work]
        if takers:
            worker = self._world.dice.choice(takers)
            worker.drain()
            self._world.later(30.0, worker.kill)

    def away(self, seconds: float) -> None:
        """Kill all, and start none before so many seconds have passed."""
        self._world.workers_down_until = max(self._world.workers_down_until, self._world.loop.time() + seconds)
        self._world.later(seconds + self._world.dice.uniform(0.1, 60.0), self._come_back)
        for worker in list(self._cluster.workers):
            worker.kill()

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that run."""
        return self._cluster.workers

    def _come_back(self) -> None:
        missing, self._missing = self._missing, 0
        for _ in range(missing):
            self.start()

    def _killed(self, worker: WorkerProcess) -> None:
        self.on_killed(worker)
        self._cluster.workers.remove(worker)
        self._world.later(self._world.dice.uniform(0.5, 60.0), self.start)
