"""The database away while mail comes in: the mail server keeps it, and it counts once."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from composition.intake import events_of_command, listening, mail_intake
from relance.adapters.mongo.connection import connect
from relance.devstack import mongod
from relance.devstack.processes import free_port
from relance.settings import Mongo
from tests.intake.examination import settings, values_of
from tests.intake.test_take import CLAIRE, CORPUS, INVITATION, invited, state
from tests.support.keys import PRIVACY
from tests.support.lmtp import conversation

TIMEOUT_S = 3.0


async def test_mail_is_answered_4xx_while_the_database_is_away_and_2xx_after_the_write(tmp_path: Path) -> None:
    server = await mongod.start(tmp_path)
    db = connect(Mongo(uri=SecretStr(server.uri), database="away", timeout=TIMEOUT_S), PRIVACY)
    values = values_of(INVITATION, CLAIRE)
    raw, refused = CORPUS["postfix_user_unknown"].raw(values), list[str]()
    own = settings.model_copy(update={"intake": settings.intake.model_copy(update={"port": free_port()})})
    try:
        await invited(db)
        service = mail_intake(own, db, events_of_command(db), lambda _kind, _outcome: None)
        async with listening(own, service, refused.append):
            assert own.intake.port is not None
            async with conversation(own.intake.port) as talk:
                port = server.port
                await server.stop()
                assert (await talk.deliver(raw, [values["bounce"]]))[0].startswith("451")
                server = await mongod.start(tmp_path, port)
                assert await state(db) == ("sent", "active", False)
                assert (await talk.deliver(raw, [values["bounce"]]))[0].startswith("250")
                assert await state(db) == ("bounced", "bounced", True)
                assert (await talk.deliver(raw, [values["bounce"]]))[0].startswith("250")
        assert refused == ["unavailable"]
        assert await db.raw.intakeMessages.count_documents({}) == 1
    finally:
        await db.close()
        await server.stop()
