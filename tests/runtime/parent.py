"""A supervisor as `worker.py --processes` runs it: `parent.py FOLDER BEHAVIOUR PROCESSES DRAIN`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from relance.runtime.process_exit import run
from relance.runtime.supervisor import child_environment, supervise
from relance.settings.monitoring import Monitoring

CHILD = Path(__file__).parent / "child.py"
FOLDER, BEHAVIOUR, PROCESSES, DRAIN = sys.argv[1:5]
PORTS = child_environment(Monitoring(metrics_port=9464))


def environment(index: int) -> Mapping[str, str]:
    return {**PORTS(index), "INDEX": str(index)}


async def main() -> int:
    argv = [sys.executable, str(CHILD), FOLDER, BEHAVIOUR]
    return await supervise(argv, int(PROCESSES), drain=float(DRAIN), environment=environment)


logging.basicConfig(level=logging.INFO)
run(main)
