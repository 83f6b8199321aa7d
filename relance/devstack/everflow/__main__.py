"""`python -m relance.devstack.everflow --folder F --port P`: serve until SIGTERM."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from relance.devstack.everflow.application import application
from relance.devstack.everflow.network import Network
from relance.runtime.core_dumps import forbid_core_dumps

HOST = "127.0.0.1"


def main() -> None:
    """Read the command line and serve."""
    forbid_core_dumps()
    parser = argparse.ArgumentParser(description="An Everflow network that computes its reports and fails on demand.")
    parser.add_argument("--folder", type=Path, required=True, help="where the facts are kept")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    uvicorn.run(
        application(Network(arguments.folder)),
        host=HOST,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
