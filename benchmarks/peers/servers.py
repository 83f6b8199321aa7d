"""The server that each peer keeps its reminders in: on a free port of 127.0.0.1, its data in a temporary folder."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sinks import accepts
from relance.devstack import mongod, processes, temporal_server
from relance.errors import DependencyUnavailable

READY_S = 30.0
SYSTEM_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/local/sbin")
REDIS_OPTIONS = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
POSTGRES_OPTIONS = ("shared_buffers=256MB", "max_connections=200", "unix_socket_directories=", "logging_collector=off")
POSTGRES_USER = "postgres"


@dataclass(frozen=True, slots=True)
class Store:
    """A running server and where programs find it."""

    address: str
    server: processes.Server


@asynccontextmanager
async def mongodb(folder: Path) -> AsyncIterator[Store]:
    """Run a replica set of one."""
    started = await mongod.start(folder)
    try:
        yield Store(started.uri, started.server)
    finally:
        await started.stop()


@asynccontextmanager
async def temporal(folder: Path) -> AsyncIterator[Store]:
    """Run the development server, tuned as Relance's own."""
    started = await temporal_server.start(folder)
    try:
        yield Store(started.address, started.server)
    finally:
        await started.stop()


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[Store]:
    """Run Redis with its append-only file."""
    port, data = processes.free_port(), folder / "redis"
    data.mkdir()
    command = [program("redis-server", "redis-server"), "--bind", processes.HOST, "--port", str(port)]
    server = processes.start("Redis", [*command, "--dir", str(data), *REDIS_OPTIONS], folder / "redis.log")
    async with _running(server, port):
        yield Store(f"redis://{processes.HOST}:{port}/0", server)


@asynccontextmanager
async def postgresql(folder: Path) -> AsyncIterator[Store]:
    """Run PostgreSQL, which refuses to be root, on data that it makes anew."""
    port, data, password = processes.free_port(), folder / "postgresql", secrets.token_urlsafe(24)
    initdb = program("initdb", "postgresql")
    data.mkdir(mode=0o700)
    secret = data.with_name("postgresql.password")
    secret.write_text(password, encoding="ascii")
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["setpriv", f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups"]
        for path in (data, secret):
            shutil.chown(path, POSTGRES_USER, POSTGRES_USER)
    making = [initdb, "--username=peers", f"--pwfile={secret}", "--auth=scram-sha-256", f"--pgdata={data}"]
    done = await asyncio.to_thread(subprocess.run, [*as_user, *making], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise DependencyUnavailable("PostgreSQL", f"initdb failed: {done.stderr.strip()}")
    options = [part for option in POSTGRES_OPTIONS for part in ("-c", option)]
    command = [str(Path(initdb).with_name("postgres")), "-D", str(data), "-h", processes.HOST, "-p", str(port)]
    server = processes.start("PostgreSQL", [*as_user, *command, *options], folder / "postgresql.log")
    async with _running(server, port):
        yield Store(f"postgresql://peers:{password}@{processes.HOST}:{port}/peers", server)


def program(name: str, package: str) -> str:
    """Return the path of a server's program.

    Raises:
        DependencyUnavailable: it is not installed; names the Debian package.
    """
    debian = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
    folders = [os.environ.get("PATH", ""), *SYSTEM_FOLDERS, *reversed(debian)]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise DependencyUnavailable(name, f"not installed; install the Debian package {package}")
    return str(Path(found).resolve()) if package == "postgresql" else found


@asynccontextmanager
async def _running(server: processes.Server, port: int) -> AsyncIterator[None]:
    try:
        await server.ready(accepts(port), READY_S)
        yield
    finally:
        await server.stop()
