"""`console sessions`: who is signed in, and ending that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relance.adapters.mongo.connection import connect
from relance.domain.console.people import Role, SignedInPerson
from relance.settings import Mongo
from tests.support.keys import privacy_of
from tests.support.terminal import Terminal


async def test_sessions_are_listed_and_end_by_name_or_all(terminal: Terminal) -> None:
    environment = terminal.environment
    mongo = Mongo(uri=environment["RELANCE_MONGO__URI"], database=environment["RELANCE_MONGO__DATABASE"])
    database = connect(mongo, privacy_of(environment))
    ends = datetime.now(UTC) + timedelta(hours=1)
    for name, role in (("dora", Role.OPERATOR), ("dora", Role.OPERATOR), ("ann", Role.VIEWER)):
        await database.sessions.begin(SignedInPerson(name, role, "oidc"), ends)
    await database.close()
    shown = terminal.json("console", "sessions", "list")["sessions"]
    assert [(session["name"], session["role"]) for session in shown] == [
        ("ann", "viewer"),
        ("dora", "operator"),
        ("dora", "operator"),
    ]
    assert terminal.json("console", "sessions", "end", "--who", "dora") == {"ended": 2}
    assert "There was no session of dora" in terminal.run("console", "sessions", "end", "--who", "dora").out
    assert terminal.json("console", "sessions", "end", "--all") == {"ended": 1}
    assert "Nobody is signed in" in terminal.run("console", "sessions", "list").out


def test_whose_sessions_end_has_to_be_said(terminal: Terminal) -> None:
    for arguments in ((), ("--who", "dora", "--all")):
        ended = terminal.run("console", "sessions", "end", *arguments)
        assert ended.code == 2
        assert "--who: exactly one of it and --all is needed" in " ".join(ended.err.split())
