"""A cycle's report reaches the chat by itself, once, from a worker process (SPEC C13)."""

from __future__ import annotations

from relance import ids
from tests.support.installation import Installation
from tests.support.people import PERIOD, people


async def test_people_are_told_how_a_cycle_ended(installation: Installation) -> None:
    await installation.load(*people(2, 3))
    await installation.start_worker()
    statistics = await (await installation.start_cycle(PERIOD)).result()
    report = installation.client.get_workflow_handle(ids.cycle_report_workflow_id(PERIOD))
    result = await report.result()
    assert result["outcomes"] == {"inbox": "delivered"}
    [message] = (await installation.database.chat_messages.page()).items
    assert message.title == f"📬 Cycle {PERIOD}: how it ended"
    assert message.text.startswith(f"{statistics.sent} of {statistics.eligible} invitations were sent.")
    assert message.key.startswith(f"cycle-report/{PERIOD}/")
    assert message.attachments[0].filename == "cycle-months.png"
    stored = await installation.database.job_runs.statistics(PERIOD)
    assert stored is not None
    assert stored.figures.keys() >= {"duration_s", "sending_s", "per_second", "rss_peak_mb", "success_rate"}
