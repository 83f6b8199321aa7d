"""A Postfix of our own: its configuration, queue and log in a folder, its mails handed on to the embedded mailbox."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from relance.devstack import processes
from tests.faults.servers import NotRun

COMMANDS = "/usr/sbin"
DAEMONS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix")
# command, or command:name
SERVICES = (
    *("cleanup", "qmgr", "trivial-rewrite:rewrite", "bounce", "bounce:defer", "bounce:trace", "proxymap"),
    *("smtp", "smtp:relay", "showq", "error", "error:retry", "anvil", "scache"),
)
PUBLIC = {"cleanup", "qmgr", "showq"}
MOST = {"qmgr": "1", "bounce": "0", "cleanup": "0", "anvil": "1", "scache": "1"}
QUIET_S, LOOK_EVERY_S = 60.0, 0.1


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix, reached at `smtp`; `postqueue` is a command that lists its queue."""

    smtp: tuple[str, int]
    log: Path
    postqueue: Path
    configuration: Path


async def emptied(postqueue: Path) -> None:
    """Wait until nothing is in the queue.

    Raises:
        TimeoutError: it does not become empty.
    """
    async with asyncio.timeout(QUIET_S):
        while await _output(str(postqueue), "-j"):
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def running_postfix(folder: Path, next_hop: tuple[str, int], refused: str, held_s: int) -> AsyncIterator[Postfix]:
    """Start Postfix and stop it in the end.

    It refuses recipients in the domain `refused`, and holds each mail for `held_s` seconds between the end of its data
    and the reply, so that whoever is killed leaves mails in doubt that arrive.

    Raises:
        NotRun: Postfix is not there, or this is not root.
    """
    daemons = next((one for one in DAEMONS if Path(one, "master").exists()), None)
    if daemons is None or shutil.which("postfix", path=COMMANDS) is None:
        raise NotRun("Postfix is not installed (Debian: apt-get install postfix)")
    if os.geteuid() != 0:
        raise NotRun("Postfix can only be started by root")
    port = processes.free_port()
    postfix = _written(folder, daemons, port, next_hop, refused, held_s)
    await _output("postfix", "-c", str(postfix.configuration), "start")
    try:
        yield postfix
    finally:
        await _output("postfix", "-c", str(postfix.configuration), "stop")


def _written(folder: Path, daemons: str, port: int, next_hop: tuple[str, int], refused: str, held_s: int) -> Postfix:
    configuration, queue, data = (folder / name for name in ("etc", "queue", "data"))
    for one in (configuration, queue, data):
        one.mkdir(parents=True)
    # Its daemons run as another user than we do.
    for one in (folder, folder.parent):
        one.chmod(0o755)
    shutil.chown(data, "postfix")
    log = folder / "mail.log"
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": queue,
        "data_directory": data,
        "command_directory": COMMANDS,
        "daemon_directory": daemons,
        "maillog_file": log,
        "maillog_file_prefixes": folder,
        "myhostname": "relay.example",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "relayhost": f"[{next_hop[0]}]:{next_hop[1]}",
        "disable_dns_lookups": "yes",
        "alias_maps": "",
        "local_recipient_maps": "",
        "smtp_tls_security_level": "none",
        "smtpd_recipient_restrictions": (
            f"check_recipient_access inline:{{ {{ {refused} = REJECT 5.1.1 unknown }} }}, permit_mynetworks, reject"
        ),
        "smtpd_end_of_data_restrictions": f"sleep {held_s}" if held_s else "",
        "access_map_reject_code": "550",
        "default_process_limit": "200",
    }
    (configuration / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (configuration / "master.cf").write_text("\n".join(_services(port)) + "\n")
    postqueue = folder / "postqueue"
    postqueue.write_text(f'#!/bin/sh\nexec {COMMANDS}/postqueue -c {configuration} "$@"\n')
    postqueue.chmod(0o755)
    return Postfix(("127.0.0.1", port), log, postqueue, configuration)


def _services(port: int) -> Iterable[str]:
    # name, kind, private, unprivileged, chroot, wakeup, most processes, command
    yield f"127.0.0.1:{port} inet n - n - - smtpd"
    yield "postlog unix-dgram n - n - 1 postlogd"
    for service in SERVICES:
        command, _, name = service.partition(":")
        public, wakeup = "n" if command in PUBLIC else "-", "300" if command == "qmgr" else "-"
        yield f"{name or command} unix {public} - n {wakeup} {MOST.get(command, '-')} {command}"


async def _output(*command: str) -> bytes:
    path = os.pathsep.join([COMMANDS, os.environ.get("PATH", "")])
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": path},
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {err.decode(errors='replace')}")
    return out
