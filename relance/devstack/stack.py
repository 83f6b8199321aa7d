"""All embedded servers together."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from relance.devstack import chat_server, everflow_server, mailbox_server, mongod, processes, temporal_server
from relance.devstack.everflow.gate import NETWORK_KEY
from relance.devstack.keys import keys_of
from relance.devstack.parts import R, StackPart


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports to listen on; None takes a free one."""

    mongo: int | None = None
    temporal: int | None = None
    temporal_ui: int | None = None
    smtp: int | None = None
    mailbox: int | None = None
    everflow: int | None = None
    chat: int | None = None
    gateway: int | None = None
    intake: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Servers that exist already; they are neither started nor stopped.

    A mailbox is given with both its addresses. `RELANCE_MONGO__URI` counts as a given `mongo_uri`.
    """

    mongo_uri: str | None = None
    temporal_address: str | None = None
    temporal_ui: str | None = None
    mailbox_smtp: tuple[str, int] | None = None
    mailbox_http: str | None = None
    everflow_http: str | None = None
    chat_http: str | None = None


class Stack:
    """Temporal, MongoDB, a mailbox, an Everflow network and, once asked for, a chat; an async context manager.

    Without a folder the data is temporary; a given folder keeps it, and a later stack goes on with it. Entering raises
    what the parts' `start` functions raise, after stopping what had started.
    """

    temporal_address: str
    temporal_ui: str | None
    mongo_uri: str
    mailbox_smtp: tuple[str, int]
    mailbox_http: str
    everflow_http: str
    chat_http: str | None
    gateway_port: int
    intake_port: int

    def __init__(self, folder: Path | None = None, *, ports: Ports | None = None, given: Given | None = None) -> None:
        self._ports = ports or Ports()
        self._given = given or Given()
        self._keep = folder is not None
        self.folder = folder or Path(tempfile.gettempdir())
        self.parts: list[StackPart] = []
        self.chat_http = self._given.chat_http
        self._chat_opening = asyncio.Lock()
        self._keys: dict[str, str] = {}

    async def __aenter__(self) -> Stack:
        # Nothing of the stack listens there: the workers do, all of them (see `relance.gateway.server`).
        self.gateway_port = processes.choose_port(self._ports.gateway, "gateway port")
        self.intake_port = processes.choose_port(self._ports.intake, "intake port")
        if not self._keep:
            self.folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="relance-"))
        self._keys = await asyncio.to_thread(keys_of, self.folder)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._start_mongod())
                tasks.create_task(self._start_temporal())
                tasks.create_task(self._start_mailbox())
                tasks.create_task(self._start_everflow())
        except BaseExceptionGroup as group:
            await self._stop()
            raise group.exceptions[0] from None
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def environment(self) -> dict[str, str]:
        """Return the variables that point a child process at these servers."""
        host, port = self.mailbox_smtp
        return {
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TEMPORAL_NAMESPACE": temporal_server.NAMESPACE,
            "RELANCE_MONGO__URI": self.mongo_uri,
            "RELANCE_MAIL__HOST": host,
            "RELANCE_MAIL__PORT": str(port),
            "RELANCE_MAIL__TLS": "none",
            # The mailbox delivers nothing, so that names for examples may stand in mails.
            "RELANCE_MAIL__REHEARSAL": "true" if host == processes.HOST else "false",
            **self._keys,
            "RELANCE_EVERFLOW__BASE_URL": self.everflow_http,
            "RELANCE_EVERFLOW__API_KEY": NETWORK_KEY,
            "RELANCE_GATEWAY__PORT": str(self.gateway_port),
            "RELANCE_GATEWAY__PUBLIC_URL": f"http://{processes.HOST}:{self.gateway_port}",
            "RELANCE_INTAKE__PORT": str(self.intake_port),
            "RELANCE_CONSOLE__SIGN_IN": "token",
            **({"RELANCE_CONSOLE__TEMPORAL_WEB": self.temporal_ui} if self.temporal_ui else {}),
            **(chat_environment(self.chat_http) if self.chat_http else {}),
        }

    def describe(self) -> list[tuple[str, str]]:
        """Return (what, where) rows for people; credentials in a given URI are left out."""
        mongo = urlsplit(self.mongo_uri)
        return [
            ("Temporal Web", self.temporal_ui or "not known"),
            ("Temporal", self.temporal_address),
            ("Mailbox", self.mailbox_http),
            ("Gateway", f"http://{processes.HOST}:{self.gateway_port}"),
            ("Console", f"http://{processes.HOST}:{self.gateway_port}/console"),
            ("Mail intake (LMTP)", f"{processes.HOST}:{self.intake_port}"),
            ("SMTP", "{}:{}".format(*self.mailbox_smtp)),
            ("Everflow", self.everflow_http),
            *([("Chat", self.chat_http)] if self.chat_http else []),
            ("MongoDB", mongo._replace(netloc=mongo.netloc.rpartition("@")[2]).geturl()),
            ("Data and logs", str(self.folder)),
        ]

    async def open_chat(self) -> str:
        """Start the chat if it does not run yet; return its address, which is `chat_http` from now on."""
        async with self._chat_opening:
            if self.chat_http is None:
                port = processes.choose_port(self._ports.chat, "chat HTTP port")
                server = await self._run("the chat", lambda: chat_server.start(self.folder, port))
                self.chat_http = server.http
            return self.chat_http

    async def _run(self, name: str, start: Callable[[], Awaitable[R]]) -> R:
        running = await start()
        self.parts.append(StackPart(name, running, start))
        return running

    async def _start_mongod(self) -> None:
        given = self._given.mongo_uri or os.environ.get("RELANCE_MONGO__URI")
        if given is None:
            port = processes.choose_port(self._ports.mongo, "MongoDB port")
            server = await self._run("MongoDB", lambda: mongod.start(self.folder, port))
            given = server.uri
        self.mongo_uri = given

    async def _start_temporal(self) -> None:
        if self._given.temporal_address is not None:
            self.temporal_address, self.temporal_ui = self._given.temporal_address, self._given.temporal_ui
            return
        port = processes.choose_port(self._ports.temporal, "Temporal port")
        ui = processes.choose_port(self._ports.temporal_ui, "Temporal Web port")
        server = await self._run("Temporal", lambda: temporal_server.start(self.folder, port, ui))
        self.temporal_address, self.temporal_ui = server.address, server.ui

    async def _start_mailbox(self) -> None:
        if self._given.mailbox_smtp is not None and self._given.mailbox_http is not None:
            self.mailbox_smtp, self.mailbox_http = self._given.mailbox_smtp, self._given.mailbox_http
            return
        smtp = processes.choose_port(self._ports.smtp, "mailbox SMTP port")
        http = processes.choose_port(self._ports.mailbox, "mailbox HTTP port")
        server = await self._run("the mailbox", lambda: mailbox_server.start(self.folder, smtp, http))
        self.mailbox_smtp, self.mailbox_http = server.smtp, server.http

    async def _start_everflow(self) -> None:
        if self._given.everflow_http is not None:
            self.everflow_http = self._given.everflow_http
            return
        port = processes.choose_port(self._ports.everflow, "Everflow port")
        server = await self._run("Everflow", lambda: everflow_server.start(self.folder, port))
        self.everflow_http = server.http

    async def _stop(self) -> None:
        await asyncio.gather(*(part.running.stop() for part in self.parts))
        self.parts.clear()
        if not self._keep:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


def chat_environment(chat: str) -> dict[str, str]:
    """Return the settings by which alerts go to a chat of ours."""
    return {
        # A developer's own settings may name real channels: nothing is to leave this machine.
        "RELANCE_CHANNELS__ALWAYS": "inbox",
        "RELANCE_CHANNELS__ORDER": "slack",
        "RELANCE_CHANNELS__SLACK_URL": f"{chat}/slack/partner-desk",
        "RELANCE_CHANNELS__LOCAL_HOSTS": urlsplit(chat).netloc,
    }
