"""*Partner desk*: both checks with their last runs and open rows, and a rule tried on past days (SPEC section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from relance.console.backtests import KIND, begin_backtest
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import Asked, ConsolePage, PageAction, Params, Redirect, Region, Show
from relance.contracts.names import CheckName
from relance.domain.jobs.cron import nominal_on
from relance.domain.sentences import Sentence
from relance.domain.zones import zone_info
from relance.errors import InvalidInput
from relance.ports.console import Topic
from relance.temporal.checks import cron_of, start_check

RUNS_SHOWN: Final = 10
SINCE: Final = timedelta(days=31)
BACKTESTS_SHOWN: Final = 3


async def _checks(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    everflow, since = needs.settings.everflow, needs.clock.now() - SINCE
    alerts = await needs.data.alerts.open()
    found = []
    for check in CheckName:
        runs = await needs.data.job_runs.runs(job=check.value, since=since, limit=RUNS_SHOWN)
        rows = [alert for alert in alerts if alert.rule == check.value]
        found.append({"name": check.value, "cron": cron_of(check, everflow), "runs": runs, "rows": rows})
    no_data = [alert for alert in alerts if alert.rule in {"no-data", "everflow-down"}]
    return {"checks": found, "no_data": no_data, "zone": everflow.timezone, "has_key": everflow.api_key is not None}


async def _backtests(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    return {"works": await needs.work.newest(KIND, BACKTESTS_SHOWN)}


async def _start(needs: ConsoleNeeds, asked: Asked) -> Redirect | Show:
    check = check_of(asked.form.get("check", ""))
    everflow = needs.settings.everflow
    today = needs.clock.now().astimezone(zone_info(everflow.timezone)).date()
    nominal = nominal_on(today, cron_of(check, everflow), everflow.timezone)
    await start_check(needs.client, check, everflow, nominal)
    return Redirect("/desk", "desk.started")


async def _try(needs: ConsoleNeeds, asked: Asked) -> Redirect | Show:
    is_new = await begin_backtest(needs, check_of(asked.form.get("check", "")), asked.form, asked.person.name)
    return Redirect("/desk", "desk.backtest" if is_new else "desk.under_way")


def check_of(name: str) -> CheckName:
    """Return a check by its name.

    Raises:
        InvalidInput: there is none.
    """
    try:
        return CheckName(name)
    except ValueError:
        raise InvalidInput(
            "check", Sentence("there is no check {name}", name=repr(name)), Sentence("choose one of the page")
        ) from None


PAGE = ConsolePage(
    name="desk",
    path="/desk",
    template="desk/page.html",
    regions=(
        Region("checks", "desk/checks.html", _checks, frozenset({Topic.JOBS, Topic.ALERTS})),
        Region("backtests", "desk/backtests.html", _backtests, frozenset({Topic.WORK}), every=5.0),
    ),
    actions=(PageAction("start", _start), PageAction("backtest", _try)),
)
