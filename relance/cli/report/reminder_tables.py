"""What reminders achieve, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group

from relance.cli.base.output import table
from relance.domain.invitations.effectiveness import Effects, Lift, ReminderEffect, ReminderTally, Slice, breakdown
from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.proportions import Interval, Proportion, wilson

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02}:00" for hour in range(24))
_FIGURES = ("sent", "72 h over", "answered", "rate", "95 %", "opted out", "per 1,000", "95 %")


def data_of(found: Effects, whole: Mapping[MailKind, ReminderEffect]) -> dict[str, Any]:
    """Return the figures for machines; rates are shares of 1, intervals `[low, high]`."""
    return {
        "periods": [{"period": period, "type": kind, **_summary(effect)} for (period, kind), effect in found.items()],
        "overall": [
            {
                "type": kind,
                **_summary(effect),
                "by_hour": _rows(breakdown(effect.by_hour), HOURS),
                "by_weekday": _rows(breakdown(effect.by_weekday), WEEKDAYS),
            }
            for kind, effect in whole.items()
        ],
    }


def tables_of(found: Effects, whole: Mapping[MailKind, ReminderEffect], files: Sequence[str]) -> Group:
    """Return the tables of the report."""
    if not found:
        return Group("No reminder has come due yet.")
    rows = [(period, kind, *_cells(effect.total)) for (period, kind), effect in found.items()]
    parts: list[Any] = [table("Reminders", ("period", "type", *_FIGURES), rows)]
    for kind, effect in whole.items():
        for title, column, slices, names in (
            ("local hour", "hour", breakdown(effect.by_hour), HOURS),
            ("weekday", "weekday", breakdown(effect.by_weekday), WEEKDAYS),
        ):
            if slices:
                shown = [(_name(row, names), *_cells(row.tally)) for row in slices]
                parts.append(table(f"The {kind} reminder by {title} of sending", (column, *_FIGURES), shown))
    return Group(*parts, *_lifts(whole), *(f"written: {path}" for path in files))


def _lifts(whole: Mapping[MailKind, ReminderEffect]) -> list[Any]:
    lifts = [(kind, effect.lift) for kind, effect in whole.items()]
    rows = [(kind, *_lift_cells(lift)) for kind, lift in lifts if lift is not None]
    if not rows:
        return ["There is no hold-out group, so what reminding itself adds is not known."]
    columns = ("type", "reminded", "answered", "held out", "answered", "lift in points", "95 %", "verdict")
    return [table("What reminding adds, against the hold-out group", columns, rows)]


def _lift_cells(lift: Lift) -> tuple[object, ...]:
    found = lift.difference
    counts = (lift.reminded.of, _percent(lift.reminded.rate), lift.held_out.of, _percent(lift.held_out.rate))
    if found is None:
        return (*counts, None, None, "too early to say")
    low, high = found.interval.low, found.interval.high
    verdict = "certain" if found.is_certain else "may be chance"
    return (*counts, f"{100 * found.value:+.1f}", f"{100 * low:+.1f} to {100 * high:+.1f}", verdict)


def _cells(tally: ReminderTally) -> tuple[object, ...]:
    answers, opt_outs = tally.answers, tally.opt_outs
    return (
        tally.sent,
        tally.watched,
        tally.submitted,
        _percent(answers.rate),
        _span(wilson(answers), 100),
        tally.opted_out,
        None if opt_outs.rate is None else f"{1000 * opt_outs.rate:.1f}",
        _span(wilson(opt_outs), 1000),
    )


def _percent(rate: float | None) -> str | None:
    return None if rate is None else f"{100 * rate:.1f}%"


def _span(interval: Interval | None, factor: int) -> str | None:
    return None if interval is None else f"{factor * interval.low:.1f}–{factor * interval.high:.1f}"


def _name(row: Slice, names: Sequence[str]) -> str:
    return "rest" if row.key is None else names[row.key]


def _rows(slices: Sequence[Slice], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"of": _name(row, names), **_tally(row.tally)} for row in slices]


def _summary(effect: ReminderEffect) -> dict[str, Any]:
    lift = effect.lift
    return {**_tally(effect.total), "lift": None if lift is None else _lift(lift)}


def _tally(tally: ReminderTally) -> dict[str, Any]:
    return {
        "sent": tally.sent,
        "watched": tally.watched,
        "answers": _share(tally.answers),
        "opt_outs": _share(tally.opt_outs),
    }


def _share(share: Proportion) -> dict[str, Any]:
    interval = wilson(share)
    return {"count": share.hits, "rate": share.rate, "interval": [interval.low, interval.high] if interval else None}


def _lift(lift: Lift) -> dict[str, Any]:
    found = lift.difference
    return {
        "reminded": {"of": lift.reminded.of, **_share(lift.reminded)},
        "held_out": {"of": lift.held_out.of, **_share(lift.held_out)},
        "difference": found.value if found else None,
        "interval": [found.interval.low, found.interval.high] if found else None,
        "certain": found.is_certain if found else False,
    }
