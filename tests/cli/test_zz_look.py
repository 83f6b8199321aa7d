import asyncio
from tests.cli.desk import desk, page
from tests.cli.test_alerts import *
from relance.domain.alerts.model import *
async def test_look(terminal, client, worker):
    async with desk(terminal, client) as (ours, db):
        imbalance = page("2026-11", rule=Rule.CYCLE_IMBALANCE, group=Rule.CYCLE_IMBALANCE, severity=Severity.CRITICAL)
        await ours.fire([page("0.8.376"), page("0.9.376", 120), imbalance])
    await asyncio.sleep(3)
    for line in ("alerts list", "alerts show default-lp/0.8.376", "alerts ack default-lp/0.8.376 --by dora","alerts ack default-lp/0.8.376 --by emil", "alerts silence default-lp --for 3d --reason moving --by dora", "alerts silence --rule * --for 30m --reason other --by dora","alerts list","alerts channels","report noise","report jobs", "alerts silence --help", "alerts channels --help"):
        r = terminal.run(*line.split())
        print("$", line, r.code); print(r.out, r.err)
