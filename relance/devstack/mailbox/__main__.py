"""`python -m relance.devstack.mailbox --folder F --smtp-port P --http-port P`: serve until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import ssl
from pathlib import Path

import uvicorn

from relance.devstack.mailbox.api import application
from relance.devstack.mailbox.conversation import Conversation, MailboxState
from relance.devstack.mailbox.rules import RuleBook
from relance.devstack.mailbox.store import MailboxStore
from relance.runtime.core_dumps import forbid_core_dumps

HOST = "127.0.0.1"


async def serve(folder: Path, smtp_port: int, http_port: int, certificate: Path | None) -> None:
    """Serve SMTP and HTTP from one loop until a signal ends uvicorn."""
    store = MailboxStore(folder)
    board = MailboxState(store, RuleBook(), _tls(certificate) if certificate else None)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: Conversation(board, loop), HOST, smtp_port, backlog=512)
    config = uvicorn.Config(
        application(board),
        host=HOST,
        port=http_port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    async with smtp:
        await uvicorn.Server(config).serve()
    store.close()


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def main() -> None:
    """Read the command line and serve."""
    forbid_core_dumps()
    parser = argparse.ArgumentParser(description="A mail server that keeps what it accepts and fails on demand.")
    parser.add_argument("--folder", type=Path, required=True, help="where the mails and their log are kept")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, help="PEM with key and certificate: offer STARTTLS and AUTH")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.folder, arguments.smtp_port, arguments.http_port, arguments.certificate))


if __name__ == "__main__":
    main()
