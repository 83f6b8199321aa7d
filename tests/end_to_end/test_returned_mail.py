"""A report handed to a running worker by LMTP, as an operator's mail server does."""

from __future__ import annotations

from relance.adapters.tokens import LinkTokens
from relance.devstack.processes import free_port
from tests.intake.corpus import entries
from tests.intake.test_take import CLAIRE, INVITATION, invited, state
from tests.support.installation import Installation
from tests.support.keys import privacy_of
from tests.support.lmtp import conversation

REPORT = {entry.name: entry for entry in entries()}["postfix_user_unknown"]


async def test_a_gateway_process_takes_reports_and_ends_well(installation: Installation) -> None:
    port, domain = free_port(), "bounces.form-a-friend.test"
    environment = {
        **installation.environment,
        "RELANCE_INTAKE__PORT": str(port),
        "RELANCE_MAIL__BOUNCE_DOMAIN": domain,
    }
    tokens = LinkTokens(privacy_of(environment).link_keys)
    bounce = f"bounce+{tokens.bounce_token(INVITATION)}@{domain}"
    worker = await installation.start_worker(role="gateway", environment=environment)
    await installation.database.ensure_indexes()
    await invited(installation.database)
    raw = REPORT.raw({"bounce": bounce, "a": CLAIRE, "returned": "Subject: x"})
    async with conversation(port) as talk:
        assert (await talk.deliver(raw, [bounce, "nobody@elsewhere.example"]))[0].startswith("250")
    assert await state(installation.database) == ("bounced", "bounced", True)
    assert (await worker.stop())[0] == 0
    assert CLAIRE not in worker.output
