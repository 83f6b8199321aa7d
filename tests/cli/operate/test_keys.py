"""`keys`, and what a starter without the right keys does and does not do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import connect
from relance.domain.invitations.events import EventKind
from relance.settings import Mongo
from relance.settings.privacy import LINK_KEY, SUPPRESSION_KEY
from tests.support import preloaded_starter
from tests.support.installation import ROOT
from tests.support.keys import a_key, privacy_of
from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from worker import WorkerRole

ALL = "why --user nobody"
"""Looks something up: whether it may is seen from whether it says that there is nobody."""


@pytest.fixture
def own(terminal: Terminal) -> Terminal:
    """A terminal that leads to a database of its own, in which nothing is recorded."""
    return Terminal({**terminal.environment, "RELANCE_MONGO__DATABASE": f"keys_{uuid4().hex[:8]}"})


def changed(terminal: Terminal, **changes: str) -> Terminal:
    return Terminal({**terminal.environment, **changes})


def without_keys(terminal: Terminal) -> Terminal:
    kept = {name: value for name, value in terminal.environment.items() if name not in {SUPPRESSION_KEY, LINK_KEY}}
    return Terminal(kept)


def lines(terminal: Terminal) -> dict[str, Mapping[str, object]]:
    return {one["fingerprint"]: one for one in terminal.json("keys", "status")["keys"]}


@pytest.mark.parametrize("role", WorkerRole)
def test_a_worker_without_keys_refuses_every_role_in_one_sentence(own: Terminal, role: WorkerRole) -> None:
    environment = {**os.environ, **without_keys(own).environment}
    done = preloaded_starter.run(["--role", role], environment, PATIENCE_S, str(ROOT / "worker.py"))
    assert done.returncode == 2
    assert "RELANCE_PRIVACY__SUPPRESSION_KEY: is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_keys_what_needs_none_runs_and_the_rest_says_how_to_make_one(own: Terminal) -> None:
    bare = without_keys(own)
    assert bare.run("--help").code == 0
    assert bare.run("schedules", "preview", "--months", "2").code == 0
    assert bare.run("keys", "status").code == 0
    assert bare.run("watchdog", "--json").code in {0, 1}
    for command in (ALL, "schedules list", "bootstrap", "cycle status 2026-11"):
        ended = bare.run(*command.split(), "--json")
        assert ended.code == 2, command
        for name in (SUPPRESSION_KEY, LINK_KEY):
            assert f"{name}: is not set" in ended.data["error"]
        assert "secrets.token_urlsafe(32)" in ended.data["error"]


@pytest.mark.parametrize("setting", [SUPPRESSION_KEY, LINK_KEY])
def test_a_foreign_key_is_refused_and_the_doctor_says_wrong(own: Terminal, setting: str) -> None:
    assert own.run(*ALL.split()).code == 2
    assert "nobody" in own.run(*ALL.split()).err
    foreign = changed(own, **{setting: a_key()})
    ended = foreign.run(*ALL.split(), "--json")
    assert ended.code == 2
    assert f"{setting}: lacks the key(s) with fingerprint" in ended.data["error"]
    checks = foreign.run("doctor", "--json").data["checks"]
    [finding] = [one for one in checks if one["what"] == "keys" and one["state"] == "wrong"]
    assert setting in finding["detail"]
    assert "keys status" in finding["remedy"]
    # Neither has left a trace.
    assert all(one["here"] == "writes" for one in lines(own).values())


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({LINK_KEY: "development-only-link-signing-key-000000"}, LINK_KEY),
        ({SUPPRESSION_KEY: "development-only-suppression-key-00000"}, SUPPRESSION_KEY),
        ({"RELANCE_MAIL__REHEARSAL": "false"}, "RELANCE_MAIL__SENDER_ADDRESS"),
    ],
)
def test_the_doctor_calls_what_is_published_wrong(own: Terminal, changes: dict[str, str], setting: str) -> None:
    ended = changed(own, **changes).run("doctor", "--json")
    states = {one["what"]: one["state"] for one in ended.data["checks"]}
    assert states[setting] == "wrong"
    assert ended.code in {1, 3}
    assert "development-only-" not in ended.out


def test_a_key_is_rotated_and_dropped_when_nothing_is_remembered_under_it(own: Terminal) -> None:
    old, fresh = own.environment[SUPPRESSION_KEY], a_key()
    before = privacy_of(own.environment).suppression_keys.fingerprints[0]
    own.run(*ALL.split())
    rotated = changed(own, **{SUPPRESSION_KEY: f"{fresh},{old}"})
    after = privacy_of(rotated.environment).suppression_keys.fingerprints[0]
    assert (lines(rotated)[after]["here"], lines(rotated)[after]["record"]) == ("writes", "new")
    rotated.run(*ALL.split())
    assert (lines(rotated)[before]["here"], lines(rotated)[before]["record"]) == ("looks up", "needed")
    dropped = changed(own, **{SUPPRESSION_KEY: fresh})
    assert dropped.run(*ALL.split(), "--json").data["error"].startswith(f"{SUPPRESSION_KEY}: lacks")

    refused = rotated.run("keys", "drop", after, "--json")
    assert (refused.code, refused.data["field"]) == (2, "FINGERPRINT")
    assert rotated.json("keys", "drop", before, "--yes")["done"] == "dropped"
    assert rotated.run("keys", "drop", before).code == 2
    assert "nobody" in dropped.run(*ALL.split()).err
    assert lines(dropped)[before]["record"] == "retired"
    backwards = changed(own, **{SUPPRESSION_KEY: f"{old},{fresh}"}).run(*ALL.split(), "--json")
    assert (backwards.code, "was retired" in backwards.data["error"]) == (2, True)


async def test_a_key_under_which_somebody_opted_out_stays(own: Terminal) -> None:
    old, fresh = own.environment[SUPPRESSION_KEY], a_key()
    fingerprint = privacy_of(own.environment).suppression_keys.fingerprints[0]
    own.run(*ALL.split())
    environment = own.environment
    mongo = Mongo(uri=SecretStr(environment["RELANCE_MONGO__URI"]), database=environment["RELANCE_MONGO__DATABASE"])
    database = connect(mongo, privacy_of(environment))
    await database.suppressions.add("alice@people.example", EventKind.OPTED_OUT, datetime.now(UTC))
    await database.close()
    rotated = changed(own, **{SUPPRESSION_KEY: f"{fresh},{old}"})
    rotated.run(*ALL.split())
    for options in ((), ("--lost",)):
        refused = rotated.run("keys", "drop", fingerprint, *options, "--json")
        assert refused.code == 2
        assert "1 opt-out(s)" in refused.data["error"]
    lost = changed(own, **{SUPPRESSION_KEY: fresh})
    assert lost.run("keys", "drop", fingerprint, "--json").code == 2
    assert lost.json("keys", "drop", fingerprint, "--lost", "--yes")["done"] == "dropped"
    assert "nobody" in lost.run(*ALL.split()).err


def test_a_link_key_is_dropped_only_by_who_says_that_links_die(own: Terminal) -> None:
    own.run(*ALL.split())
    rotated = changed(own, **{LINK_KEY: f"{a_key()},{own.environment[LINK_KEY]}"})
    rotated.run(*ALL.split())
    fingerprint = privacy_of(own.environment).link_keys.fingerprints[0]
    refused = rotated.run("keys", "drop", fingerprint, "--json")
    assert (refused.code, "--break-links" in refused.data["remedy"]) == (2, True)
    assert rotated.json("keys", "drop", fingerprint, "--break-links", "--yes")["done"] == "dropped"


def test_a_key_nobody_knows_cannot_be_dropped(own: Terminal) -> None:
    ended = own.run("keys", "drop", "0123456789abcdef", "--json")
    assert (ended.code, "keys status" in ended.data["error"]) == (2, True)
