"""Lives a month with planted people and secrets, forgets some of them, and searches everything they must not be in."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from relance.adapters.event_api import EventApi
from relance.devstack import mailbox_server
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.devstack.stack import Given, Stack
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.domain.privacy.stores import BY_NAME
from relance.services.conditions import drift_detected
from relance.settings.gateway import Gateway
from tests.canary import raw_files
from tests.canary.planting import (
    BOUNCES,
    CLICKS,
    FORGOTTEN,
    NEXT_PERIOD,
    NOT_PLANTED,
    PERIOD,
    Planted,
    plant_error,
    plant_people,
    plant_secrets,
)
from tests.canary.searching import APPLICATION, MAY_HOLD, Search, look_through_database
from tests.support.installation import ROOT, Installation, installed
from tests.support.lmtp import conversation
from tests.support.otlp_collector import Collector, collecting
from tests.support.patience import PATIENCE_S
from tests.support.smtp_relay import CERTIFICATE
from tests.support.worker_process import WorkerProcess

Say = Callable[[str], None]
AGAIN = "u2again"
"""The contact under which the application writes a forgotten person again."""


@dataclass
class Report:
    """What was found."""

    planted: int = 0
    hits: int = 0
    found: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    searched: int = 0
    hits_anywhere: int = 0
    found_after: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    ids_left: int = 0
    stores_not_in_the_register: list[str] = field(default_factory=list)
    mails_to_forgotten: int = 0
    opt_out_honoured: bool = False
    seen_where_it_may_be: bool = False
    raw_files: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether nothing leaked, and the search would have seen it."""
        nothing = not (self.hits or self.hits_anywhere or self.mails_to_forgotten or self.ids_left)
        nothing = nothing and not self.stores_not_in_the_register
        return nothing and self.opt_out_honoured and self.seen_where_it_may_be

    def as_dict(self) -> dict[str, Any]:
        """Return it for a machine."""
        return {**vars(self), "holds": self.holds, "not_planted": NOT_PLANTED}


@dataclass
class Scene:
    """Where it takes place."""

    folder: Path
    installation: Installation
    mailbox: Mailbox
    collector: Collector
    planted: Planted
    people: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    printed: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    worker: WorkerProcess | None = None

    async def start_worker(self) -> WorkerProcess:
        self.worker = await self.installation.start_worker()
        return self.worker

    async def command(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command line as a person does; keep what it printed."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, str(ROOT / "starter.py"), *words],
            env={**os.environ, **self.installation.environment},
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self.printed += [done.stdout, done.stderr]
        return done

    async def note_metrics(self) -> None:
        """Keep what the worker's endpoint says now."""
        assert self.worker is not None
        assert self.worker.metrics_url is not None
        async with httpx.AsyncClient(trust_env=False) as browser:
            self.metrics.append((await browser.get(self.worker.metrics_url)).text)

    def address_of(self, contact: str) -> str:
        return next(str(each["email"]) for each in self.people[1] if each["_id"] == contact)

    async def mails_to(self, address: str, after: int = 0) -> list[int]:
        return [mail.n async for mail in self.mailbox.all_messages() if address in mail.to and mail.n > after]


async def run(say: Say, *, whole: bool) -> Report:
    """Do everything; `whole` also has MongoDB's files compacted and replaced."""
    begun = time.monotonic()
    report = Report()
    async with _scene(say) as scene:
        report.planted = len(scene.planted.words)
        await _month(scene, say)
        await _search(scene, report, say)
        await _forget(scene, report, say)
        await _search_again(scene, report, say, whole=whole)
        if not whole:
            await _write_again(scene, report, say)
    report.seconds = round(time.monotonic() - begun, 1)
    return report


@asynccontextmanager
async def _scene(say: Say) -> AsyncIterator[Scene]:
    planted = Planted()
    people = plant_people(planted)
    secret = plant_secrets(planted)
    with tempfile.TemporaryDirectory(prefix="relance-canary-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{raw_files.uncompressed(folder)}:{path}"
        say("starting the servers")
        relay = await mailbox_server.start(folder, certificate=CERTIFICATE)
        given = Given(mailbox_smtp=relay.smtp, mailbox_http=relay.http)
        try:
            with collecting() as collector:
                async with Stack(folder, given=given) as stack, Mailbox(relay.http) as mailbox:
                    chat = await stack.open_chat()
                    settings = {
                        **secret,
                        **plant_error(folder),
                        "RELANCE_MAIL__TLS": "starttls",
                        "RELANCE_MAIL__VERIFY_CERTIFICATE": "false",
                        "RELANCE_MONITORING__LOG_LEVEL": "DEBUG",
                        "RELANCE_MONITORING__METRICS_PORT": "0",
                        "RELANCE_MONITORING__OTLP_ENDPOINT": collector.endpoint,
                        "RELANCE_MAIL__OPEN_TRACKING": "true",
                        "RELANCE_CHANNELS__ALWAYS": "inbox",
                        "RELANCE_CHANNELS__ORDER": "slack,teams",
                        "RELANCE_CHANNELS__SLACK_URL": f"{chat}/slack/partner-desk",
                        "RELANCE_CHANNELS__LOCAL_HOSTS": chat.partition("//")[2],
                    }
                    async with installed(stack, "canary", settings) as installation:
                        await installation.load(*people)
                        yield Scene(folder, installation, mailbox, collector, planted, people)
        finally:
            os.environ["PATH"] = path
            await relay.stop()


async def _month(scene: Scene, say: Say) -> None:
    """A cycle with a killed worker, errors that quote people, an unsubscribe, events, returned mails, an alert."""
    say("a cycle, and a worker that is killed in the middle of it")
    await scene.mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=0.3))
    worker = await scene.start_worker()
    cycle = await scene.installation.start_cycle(PERIOD)
    await _until(lambda: _mails(scene, 2))
    await scene.note_metrics()
    worker.kill()
    await scene.mailbox.clear_rules()
    await scene.start_worker()
    await _until(lambda: _mails(scene, 8))
    say("all mails out")
    async with asyncio.timeout(PATIENCE_S):
        await cycle.result()
    say("an unsubscribe, events, returned mails, an alert")
    clicked = f"u0{CLICKS}"
    [first] = (await scene.mails_to(scene.address_of(clicked)))[:1]
    link = re.findall(r"<(https?://[^>]+)>", (await scene.mailbox.message(first)).header("List-Unsubscribe") or "")[0]
    port = scene.installation.environment["RELANCE_GATEWAY__PORT"]
    here = re.sub(r"^https?://[^/]+", f"http://127.0.0.1:{port}", link)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as provider:
        assert (await provider.post(here, data={"List-Unsubscribe": "One-Click"})).status_code == 200
        assert (await provider.get(f"{here[:-3]}xxx")).status_code == 404
    async with EventApi.of(_gateway(scene)) as application:
        opened = [{"event": "opened", "invitationId": f"{PERIOD}.u0.u0{role}"} for role in (FORGOTTEN, BOUNCES)]
        await application.send(opened)
        assert (await application.post("/v1/events", b'{"event": "' + clicked.encode())).status_code >= 400
    await _returned(scene)
    await scene.installation.desk().fire([drift_detected({"follow_ups_restarted": 99}, ReconcilePolicy())])
    # A database that nobody answers at, and a password that must not be quoted.
    password = scene.planted.word("password of MongoDB")
    environment = {"RELANCE_MONGO__URI": f"mongodb://ops:{password}@127.0.0.1:1/?replicaSet=rs0"}
    before, scene.installation.environment = (
        scene.installation.environment,
        {
            **scene.installation.environment,
            **environment,
        },
    )
    await scene.command("doctor", "--json")
    await scene.command("why", "--contact", clicked, "--debug")
    scene.installation.environment = before
    for words in (("doctor",), ("why", "--contact", clicked), ("cycle", "status", PERIOD), ("intake", "list")):
        await scene.command(*words)
    await scene.note_metrics()
    await _until(lambda: _chat(scene))


async def _returned(scene: Scene) -> None:
    """A delivery report by the envelope address of the mail, and a mail that nobody can attribute."""
    bounced = scene.address_of(f"u0{BOUNCES}")
    [number] = (await scene.mails_to(bounced))[:1]
    sender = (await scene.mailbox.message(number)).sender
    report = (
        f"From: mailer-daemon@relay.example\r\nTo: {sender}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\n'
        f"<{bounced}>: no such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; relay.example\r\n\r\nFinal-Recipient: rfc822; {bounced}\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <{bounced}> unknown\r\n--b--\r\n"
    )
    stray = (
        f"From: {scene.address_of(f'u0{CLICKS}')}\r\nTo: bounces@app.example\r\nSubject: a question\r\n"
        "Message-ID: <stray@people.example>\r\n\r\nWho are you?\r\n"
    )
    async with conversation(int(scene.installation.environment["RELANCE_INTAKE__PORT"])) as talk:
        await talk.deliver(report.encode(), [sender])
        await talk.deliver(stray.encode(), [sender.partition("@")[0][:3] + "x@" + sender.partition("@")[2]])


async def _search(scene: Scene, report: Report, say: Say) -> None:
    say("searching for every planted word")
    search = Search(scene.planted.words)
    await _everywhere(scene, search)
    report.hits, report.searched = search.hits, len(search.found)
    report.found = {place: kinds for place, kinds in search.found.items() if kinds}
    known = set(BY_NAME)
    report.stores_not_in_the_register = sorted(
        set(await scene.installation.database.raw.list_collection_names()) - known
    )
    # What may hold them does, so a search that sees nothing would have seen them.
    control = Search(scene.planted.words)
    raw = await scene.mailbox.raw((await scene.mailbox.log())[-1].n)
    seen = [
        control.look("mails", raw),
        await look_through_database(control, scene.installation.database.raw, set()),
        raw_files.files_of(control, "MongoDB's files", scene.folder / "mongod"),
        control.look("environment", str(scene.installation.environment)),
    ]
    report.seen_where_it_may_be = all(seen) and _raised(scene) > 0 and len(scene.collector.spans) > 0


async def _everywhere(scene: Scene, search: Search) -> None:
    """Look wherever no name, no address and no secret may be."""
    folder = scene.installation.stack.folder
    for log in sorted(folder.glob("*.log")):
        if log.name not in {"mailbox.log"}:
            search.look(f"log {log.name.partition('-')[0]}", log.read_bytes())
    for text in scene.printed:
        search.look("command line", text)
    for text in scene.metrics:
        search.look("metrics", text)
    for body in list(scene.collector.bodies):
        search.look("traces and pushed metrics", body)
    search.look_through("Temporal's database file", sorted(folder.glob("temporal.db*")))
    client = scene.installation.client
    async for run_ in client.list_workflows():
        search.look("visibility", f"{run_.id} {run_.search_attributes} {await run_.memo()}")
        async for event in client.get_workflow_handle(run_.id, run_id=run_.run_id).fetch_history_events():
            search.look("histories", event.SerializeToString())
    await look_through_database(search, scene.installation.database.raw, {*APPLICATION, *MAY_HOLD})
    cores = [file for file in (*folder.rglob("core*"), *ROOT.glob("core*")) if file.is_file()]
    search.look_through("core dumps", cores)
    search.found.setdefault("core dumps", {})
    async with httpx.AsyncClient(trust_env=False) as browser:
        chat = scene.installation.stack.chat_http or ""
        search.look("chat", (await browser.get(chat)).text)


async def _forget(scene: Scene, report: Report, say: Say) -> None:
    """The application deletes people; then they are forgotten, while the worker is killed."""
    say("forgetting a contact, a mailbox and a user; the worker is killed meanwhile")
    raw = scene.installation.database.raw
    gone = [f"u0{FORGOTTEN}", f"u0{CLICKS}"]
    await raw.contacts.delete_many({"$or": [{"_id": {"$in": gone}}, {"userId": "u1"}]})
    await raw.users.delete_one({"_id": "u1"})
    why = ("--reason", "ticket 4711", "--by", "ops", "--yes", "--json")
    waiting = asyncio.create_task(scene.command("person", "forget", "--user", "u1", *why))
    async with asyncio.timeout(PATIENCE_S):
        while await raw.erasures.find_one({}) is None:
            await asyncio.sleep(0.02)
    assert scene.worker is not None
    scene.worker.kill()
    await scene.start_worker()
    address = scene.address_of(f"u0{CLICKS}")
    ends = [
        await waiting,
        await scene.command("person", "forget", "--contact", f"u0{FORGOTTEN}", *why),
        await scene.command("person", "forget", "--address", "-", *why, typed=f"{address}\n"),
        await scene.command("person", "forget", "--address", "-", *why, typed=f"{address.upper()}\n"),
        await scene.command("person", "records", "--json"),
    ]
    failed = [(end.returncode, end.stderr) for end in ends if end.returncode != 0]
    assert not failed, failed


async def _search_again(scene: Scene, report: Report, say: Say, *, whole: bool) -> None:
    say("searching for the forgotten")
    forgotten = [f"u0{FORGOTTEN}", f"u0{CLICKS}", "u1", *(c["_id"] for c in scene.people[1] if c["userId"] == "u1")]
    words = {word: scene.planted.words[word] for person in forgotten for word in scene.planted.persons[person]}
    search = Search(words)
    await _everywhere(scene, search)
    # By now also where they may be as long as they are not forgotten.
    await look_through_database(search, scene.installation.database.raw, set())
    ours = Search({f"u0{FORGOTTEN}": "id", f"u0{CLICKS}": "id", "u1clicks": "id", "u1forgotten": "id"})
    without = {*APPLICATION, "erasures"}
    report.ids_left = await look_through_database(ours, scene.installation.database.raw, without)
    stack, data = scene.installation.stack, scene.folder / "mongod"
    await raw_files.checkpoint(stack.mongo_uri)
    files = Search(words)
    report.raw_files["at_once"] = raw_files.files_of(files, "MongoDB's files", data)
    if whole:
        await _write_again(scene, report, say)
        await scene.installation.database.raw.contacts.delete_one({"_id": AGAIN})
        say("compacting, then replacing the member by one with empty files")
        await raw_files.compact(stack.mongo_uri, "canary")
        compacted = Search(words)
        report.raw_files["after_compact"] = raw_files.files_of(compacted, "MongoDB's files", data)
        await raw_files.checkpoint(stack.mongo_uri)
        new = await raw_files.replaced(stack.mongo_uri, scene.folder)
        report.raw_files["after_initial_sync"] = raw_files.files_of(search, "MongoDB's files", new)
    report.hits_anywhere = search.hits
    report.found_after = {place: kinds for place, kinds in search.found.items() if kinds}


async def _write_again(scene: Scene, report: Report, say: Say) -> None:
    """The application writes a forgotten person again, as another user's contact; the next month comes."""
    say("the application writes the same person again, and the next month comes")
    address = scene.address_of(f"u0{CLICKS}")
    last = (await scene.mailbox.log())[-1].n
    raw = scene.installation.database.raw
    await raw.contacts.insert_one({"_id": AGAIN, "userId": "u0", "email": address, "name": "A", "status": "active"})
    cycle = await scene.installation.start_cycle(NEXT_PERIOD)
    async with asyncio.timeout(PATIENCE_S):
        await cycle.result()
    people = {scene.address_of(c) for c in (f"u0{FORGOTTEN}", f"u0{CLICKS}")}
    people |= {str(each["email"]) for each in scene.people[1] if each["userId"] == "u1"}
    written = [mail for mail in await scene.mailbox.log() if mail.n > last]
    report.mails_to_forgotten = sum(not people.isdisjoint(mail.to) for mail in written)
    entry = await raw.invitations.find_one({"_id": f"{NEXT_PERIOD}.u0.{AGAIN}"})
    report.opt_out_honoured = entry is not None and entry.get("reason") == "suppressed" and len(written) > 0


def _gateway(scene: Scene) -> Gateway:
    prefix = "RELANCE_GATEWAY__"
    found = {
        name.removeprefix(prefix).lower(): value
        for name, value in scene.installation.environment.items()
        if name.startswith(prefix)
    }
    return Gateway.model_validate(found)


def _raised(scene: Scene) -> int:
    return len(list((scene.folder / "raising").glob("raised-*")))


async def _mails(scene: Scene, number: int) -> bool:
    return len(await scene.mailbox.log()) >= number


async def _chat(scene: Scene) -> bool:
    return await scene.installation.database.raw.chatMessages.count_documents({}) > 0


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.1)
