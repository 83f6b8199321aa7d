"""One network: its world, its faults, its gate, and where the world is kept."""

from __future__ import annotations

from pathlib import Path

from relance.devstack.everflow.dataset import World
from relance.devstack.everflow.faults import FaultBook
from relance.devstack.everflow.gate import CallGate
from relance.devstack.everflow.reporting import Reporting


class Network:
    """The state behind both sides, the API and the control; a world that was put is kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "world.json"
        folder.mkdir(parents=True, exist_ok=True)
        self.faults = FaultBook()
        self.gate = CallGate()
        self.world = World.model_validate_json(self._path.read_bytes()) if self._path.exists() else World()
        self.reporting = Reporting(self.world)

    def put(self, world: World) -> None:
        """Replace the world."""
        self._path.write_text(world.model_dump_json(), encoding="utf-8")
        self.world = world
        self.reporting = Reporting(world)
