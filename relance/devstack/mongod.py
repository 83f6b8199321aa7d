"""The embedded MongoDB: a replica set of one on 127.0.0.1."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from relance.adapters.mongo import replica_set
from relance.devstack import processes
from relance.errors import DependencyUnavailable

READY_S = 30.0
# Several stacks may run on one machine; the default is half of its memory each.
CACHE_GB = "0.5"
OPLOG_MB = "256"


class Mongod:
    """A running `mongod`; `uri` is its connection string."""

    def __init__(self, server: processes.Server, port: int) -> None:
        self.server = server
        self.port = port
        self.uri = f"mongodb://{processes.HOST}:{port}/?replicaSet={replica_set.NAME}"

    async def stop(self) -> None:
        """End it; the data folder stays."""
        await self.server.stop()


async def start(
    folder: Path,
    port: int | None = None,
    *,
    data: Path | None = None,
    parameters: Sequence[str] = (),
    cache_gb: str = CACHE_GB,
) -> Mongod:
    """Start `mongod` on its data in `folder`, or in `data`, and wait for the primary.

    `parameters` are further ones for `--setParameter`, `cache_gb` bounds the memory for data.

    Raises:
        InvalidInput: the given port is taken.
        DependencyUnavailable: there is no `mongod`, a library is missing, or it does not become ready.
    """
    started = launch(folder, port, data=data, parameters=parameters, cache_gb=cache_gb)
    try:
        await started.server.ready(replica_set.initiate(f"{processes.HOST}:{started.port}", READY_S), READY_S)
    except BaseException as error:
        await started.stop()
        if isinstance(error, DependencyUnavailable):
            raise DependencyUnavailable("MongoDB", error.detail + missing_libraries(error.detail)) from None
        raise
    return started


def launch(
    folder: Path,
    port: int | None = None,
    *,
    data: Path | None = None,
    parameters: Sequence[str] = (),
    cache_gb: str = CACHE_GB,
) -> Mongod:
    """Start `mongod` without waiting for anything; see `start`."""
    chosen = processes.choose_port(port, "MongoDB port")
    place = data or folder / "mongod"
    place.mkdir(parents=True, exist_ok=True)
    command = _command(find_binary(), place, chosen, parameters, cache_gb)
    return Mongod(processes.start("MongoDB", command, folder / "mongod.log"), chosen)


def find_binary() -> str:
    """Return the path of `mongod`: the one on PATH, else the one of the package `fiftyone-db`.

    Raises:
        DependencyUnavailable: there is neither.
    """
    on_path = shutil.which("mongod")
    if on_path:
        return on_path
    package = find_spec("fiftyone")
    for place in (package.submodule_search_locations or []) if package else []:
        bundled = Path(place) / "db" / "bin" / "mongod"
        if bundled.is_file():
            return str(bundled)
    raise DependencyUnavailable(
        "MongoDB",
        f"no mongod on PATH and none in a package for {sys.platform}; install `relance[dev-stack]` or MongoDB, "
        "or set RELANCE_MONGO__URI",
    )


def missing_libraries(log: str) -> str:
    """Return a remedy when the log shows that the loader did not find what `mongod` needs, else an empty text."""
    if "error while loading shared libraries" in log or "GLIBC_" in log:
        return (
            "\nThe mongod of the package needs glibc 2.35 or newer, OpenSSL 3 and libcurl 4 (Debian: apt-get install "
            "libcurl4 libssl3). Without them put a mongod on PATH or set RELANCE_MONGO__URI."
        )
    return ""


def _command(binary: str, data: Path, port: int, further: Sequence[str], cache_gb: str) -> list[str]:
    options = {
        "--dbpath": str(data),
        "--port": str(port),
        "--bind_ip": processes.HOST,
        "--replSet": replica_set.NAME,
        "--wiredTigerCacheSizeGB": cache_gb,
        "--oplogSize": OPLOG_MB,
    }
    # Without a second member to hand over to, the default wait of 15 s before a shutdown is for nothing.
    parameters = ["shutdownTimeoutMillisForSignaledShutdown=100", "diagnosticDataCollectionEnabled=false", *further]
    return [
        binary,
        *(part for option in options.items() for part in option),
        "--nounixsocket",
        "--quiet",
        *(part for parameter in parameters for part in ("--setParameter", parameter)),
    ]
