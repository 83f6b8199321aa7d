"""PostgreSQL with the options, certificate and rules of docker-compose.yml, reached as Temporal reaches it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.devstack import processes
from tests.support.deployment import ROOT, Container, secrets_sh
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.debian

NOBODY: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to be root."""


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1])


class Server:
    """Where it listens, and what a client needs for it."""

    def __init__(self, port: int, secrets: Path, temporal: Container) -> None:
        self._port = port
        self._password = (secrets / "postgres_password").read_text()
        self._environment = temporal.environment

    def ask(self, *, user: str | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
        """Ask it whether we are encrypted, as Temporal is told to connect (SQL_*) with some things changed."""
        ours = self._environment
        assert (ours["SQL_TLS_ENABLED"], ours["SQL_HOST_VERIFICATION"]) == ("true", "true")
        given = {
            "PGHOST": ours["POSTGRES_SEEDS"],
            "PGHOSTADDR": processes.HOST,
            "PGPORT": str(self._port),
            "PGUSER": user or ours["POSTGRES_USER"],
            "PGPASSWORD": self._password,
            "PGDATABASE": "postgres",
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": ours["SQL_CA"],
            **changes,
        }
        command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command"]
        command.append("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **given}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("deployment")
    secrets = folder / "secrets"
    assert secrets_sh(secrets).returncode == 0
    temporal = Container("temporal", secrets, folder / "temporal")
    container = Container("postgres", secrets, folder / "postgres")
    # What the image's user owns lies where it gets in, which the folders of pytest are not.
    own = Path(tempfile.mkdtemp(prefix="relance-postgres-"))
    own.chmod(0o711)
    key, rules, password = own / "key", own / "pg_hba.conf", own / "password"
    shutil.copy(container.path("/run/tls/own"), key)
    shutil.copy(ROOT / "deploy" / "postgres" / "pg_hba.conf", rules)
    shutil.copy(container.path("/run/secrets/postgres_password"), password)
    data = own / "data"
    data.mkdir()
    for file in (data, key, rules, password):
        file.chmod(0o700 if file.is_dir() else 0o400)
        if NOBODY:
            shutil.chown(file, NOBODY["user"], NOBODY["group"])
    initdb = [_program("initdb"), "--pgdata", str(data), "--username", "temporal", "--pwfile", str(password)]
    subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, timeout=PATIENCE_S, cwd=own, **NOBODY)
    places = {"ssl_cert_file=/tmp/own": f"ssl_cert_file={key}", "ssl_key_file=/tmp/own": f"ssl_key_file={key}"}
    places["hba_file=/deploy/pg_hba.conf"] = f"hba_file={rules}"
    words = container.command("postgres")
    assert set(places) <= set(words)
    port = processes.free_port()
    here = ["-D", str(data), "-p", str(port), "-h", processes.HOST, "-c", "unix_socket_directories=", "-c", "fsync=off"]
    command = [_program("postgres"), *(places.get(word, word) for word in words), *here]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=own, **NOBODY)
    try:
        found = Server(port, secrets, temporal)
        deadline = time.monotonic() + PATIENCE_S
        while found.ask().returncode != 0:
            assert process.poll() is None, "PostgreSQL has ended"
            assert time.monotonic() < deadline, found.ask().stderr
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(own)


def test_temporal_reaches_it_encrypted_and_knows_that_it_is_the_right_one(server: Server) -> None:
    done = server.ask()
    assert (done.stdout.strip(), done.returncode) == ("TLSv1.3", 0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PGSSLMODE": "disable"}, "no encryption"),
        ({"PGPASSWORD": "wrong"}, "password authentication failed"),
        ({"PGHOST": "mongo"}, 'does not match host name "mongo"'),
        ({"user": "postgres"}, "no pg_hba.conf entry"),
    ],
    ids=lambda found: next(iter(found)) if isinstance(found, dict) else None,
)
def test_in_the_open_without_the_password_or_under_another_name_nothing_is_said(
    server: Server, changes: dict[str, str], said: str
) -> None:
    done = server.ask(**changes)
    assert done.returncode != 0
    assert said in done.stderr
