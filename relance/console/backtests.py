"""A check's rule tried on past days, in the background: what was asked is checked, the days are stored as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from pydantic import ValidationError

from relance import ids
from relance.console.needs import ConsoleNeeds
from relance.console.work import Advance
from relance.contracts.names import CheckName
from relance.domain.alerts.model import AlertRecord
from relance.domain.jobs.cron import EVERY_DAY, weekdays
from relance.domain.sentences import Sentence
from relance.domain.zones import zone_info
from relance.errors import InvalidInput
from relance.services.backtesting import Days, Past, look_back
from relance.settings.everflow import Everflow
from relance.temporal.checks import cron_of

KIND: Final = "backtest"
MOST_DAYS: Final = 120
FIRST_DAY: Final = date(2000, 1, 1)
_FIELDS: Final = {
    CheckName.DEFAULT_LP: {"clicks": "default_lp_clicks"},
    CheckName.PAUSED_PARTNER: {"drop": "paused_drop", "revenue": "paused_revenue"},
}


async def begin_backtest(needs: ConsoleNeeds, check: CheckName, form: Mapping[str, str], by: str) -> bool:
    """Begin a backtest in the background; return False if the same is under way already.

    Raises:
        InvalidInput: a day or a threshold cannot be used, the check runs on none of the days, or there is no key.
    """
    if needs.settings.everflow.api_key is None:
        raise InvalidInput("Everflow", Sentence("there is no key"), Sentence("set RELANCE_EVERFLOW__API_KEY"))
    everflow = _what_if(needs.settings.everflow, check, form)
    today = needs.clock.now().astimezone(zone_info(needs.settings.everflow.timezone)).date()
    first, last = read_day(form, "from", today), read_day(form, "to", today)
    days = _days(first, last)
    cron = cron_of(check, everflow)
    known = EVERY_DAY if form.get("every_day") else weekdays(cron)
    wanted = [day for day in days if known is None or day.weekday() in known]
    if not wanted:
        raise InvalidInput(
            "from",
            Sentence("the check does not run on any of these days"),
            Sentence("widen the range, or take every day"),
        )
    asked = {
        "check": check.value,
        "from": first.isoformat(),
        "to": last.isoformat(),
        **{name: str(getattr(everflow, field)) for name, field in _FIELDS[check].items()},
    }

    async def do(advance: Advance) -> Mapping[str, Any]:
        done = 0

        def one_done() -> None:
            nonlocal done
            done += 1

        async with needs.reports() as reports:
            back = Days(
                check=check, reports=reports, rules=everflow.rules, cron=cron, calls_at_once=everflow.calls_at_once
            )
            past: list[Past] = []
            for part in range(0, len(wanted), everflow.calls_at_once):
                past += await look_back(back, wanted[part : part + everflow.calls_at_once], one_done)
                await advance(done, len(wanted))
        return {"days": [_told(day, needs) for day in past]}

    return await needs.work.begin(KIND, by, asked, do)


def _told(past: Past, needs: ConsoleNeeds) -> dict[str, Any]:
    now = needs.clock.now()
    conditions = past.seen.conditions if past.seen else ()
    keyed = [(ids.alert_key(condition.rule, condition.subject), condition) for condition in conditions]
    alerts = [condition.opened(ids.alert_id(key, now), key, now) for key, condition in keyed]
    return {
        "day": past.day.isoformat(),
        "rows": past.seen.rows if past.seen else None,
        "findings": [_stored(alert) for alert in alerts],
        "no_data": past.no_data.reason if past.no_data else None,
    }


def _stored(alert: AlertRecord) -> dict[str, Any]:
    return alert.model_dump(mode="json", by_alias=True, exclude_none=True)


def _what_if(everflow: Everflow, check: CheckName, form: Mapping[str, str]) -> Everflow:
    given = {field: form[name] for name, field in _FIELDS[check].items() if form.get(name, "").strip()}
    try:
        return Everflow.model_validate({**everflow.model_dump(), **given})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = next((name for name, field in _FIELDS[check].items() if field == problem["loc"][0]), "threshold")
        raise InvalidInput(name, problem["msg"], Sentence("enter a number within its range")) from None


def read_day(form: Mapping[str, str], name: str, today: date) -> date:
    """Return the day in a field of a form.

    Raises:
        InvalidInput: it is none, too long ago, or lies ahead.
    """
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise InvalidInput(name, Sentence("this is no day"), Sentence("write it as 2026-11-04")) from None
    if day < FIRST_DAY:
        raise InvalidInput(
            name, Sentence("{day} is too long ago", day=day), Sentence("name a day from {first} on", first=FIRST_DAY)
        )
    if day > today:
        raise InvalidInput(name, Sentence("{day} lies ahead", day=day), Sentence("name a day that has begun"))
    return day


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise InvalidInput(
            "to", Sentence("{last} lies before {first}", last=last, first=first), Sentence("swap the two")
        )
    count = (last - first).days + 1
    if count > MOST_DAYS:
        raise InvalidInput(
            "to",
            Sentence("these are {count} days", count=count),
            Sentence("take at most {most}, or use `starter.py backtest`", most=MOST_DAYS),
        )
    return [first + timedelta(days=number) for number in range(count)]
