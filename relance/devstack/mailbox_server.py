"""Start the mailbox as a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import relance
from relance.devstack import processes
from relance.devstack.mailbox.client import Mailbox

READY_S = 20.0
SOURCE_ROOT = str(Path(relance.__file__).parents[1])


class MailboxServer:
    """A running mailbox: `smtp` is (host, port), `http` the address of its API and page."""

    def __init__(self, server: processes.Server, smtp_port: int, http_port: int) -> None:
        self.server = server
        self.smtp = (processes.HOST, smtp_port)
        self.http = f"http://{processes.HOST}:{http_port}"

    async def stop(self) -> None:
        """End it; the mails and their log stay in the folder."""
        await self.server.stop()


async def start(
    folder: Path,
    smtp_port: int | None = None,
    http_port: int | None = None,
    *,
    certificate: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> MailboxServer:
    """Start the mailbox on its mails in `folder/mailbox` and wait until it answers.

    With a certificate (a PEM with its key) it offers STARTTLS and, after that, AUTH with any password. `variables` are
    added to its environment.

    Raises:
        InvalidInput: a given port is taken.
        DependencyUnavailable: it does not become ready.
    """
    smtp = processes.choose_port(smtp_port, "mailbox SMTP port")
    http = processes.choose_port(http_port, "mailbox HTTP port")
    options = {"--folder": str(folder / "mailbox"), "--smtp-port": str(smtp), "--http-port": str(http)}
    if certificate is not None:
        options["--certificate"] = str(certificate)
    command = [sys.executable, "-m", "relance.devstack.mailbox", *(part for pair in options.items() for part in pair)]
    # Also from a source tree that is not installed, and from any working folder.
    paths = os.pathsep.join(filter(None, [SOURCE_ROOT, os.environ.get("PYTHONPATH")]))
    environment = {"PYTHONPATH": paths, **(variables or {})}
    server = processes.start("mailbox", command, folder / "mailbox.log", environment=environment)
    started = MailboxServer(server, smtp, http)
    try:
        async with Mailbox(started.http) as client:
            await started.server.ready(client.answers(), READY_S)
    except BaseException:
        await started.stop()
        raise
    return started
