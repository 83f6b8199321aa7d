"""The dashboard's panels over a real cycle, for `screenshots.py`: a worker, a Prometheus, each panel's own queries."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from chromium import picture
from dashboard import PANELS, Panel

from benchmarks.people import plain_people
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Refuse, SmtpStage
from relance.devstack.stack import Stack
from tests.support.installation import installed
from tests.support.prometheus import Prometheus, prometheus

PERIOD = "2026-11"
USERS, CONTACTS = 1000, 20
PROVIDERS = ("example.net", "example.org", "gmail.com", "orange.fr")
PATIENCE_S = 300.0
AROUND_S = 5.0
WIDTH, HEIGHT, MARGIN = 370, 150, 56
COLOURS = ("#2f6fb2", "#c0392b", "#2e8b57", "#c77f0a", "#7d5ba6", "#5f6b76", "#0e8f8f", "#b0407a")
UNITS = {"ops": "/s", "s": " s", "percentunit": " %", "bytes": " MiB"}
FACTORS = {"percentunit": 100.0, "bytes": 1 / 1024**2}

Series = Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel with its data."""

    panel: Panel
    series: Series
    seconds: float


def monitoring(images: Path) -> None:
    """Run a cycle and write the picture of the panels that have data."""
    drawn = asyncio.run(_observe())
    picture(_page(drawn), 3 * (WIDTH + 36) + 12, images / "monitoring-cycle.png")


async def _observe() -> list[Drawn]:
    users, contacts = plain_people(USERS, CONTACTS)
    for number, contact in enumerate(contacts):
        contact["email"] = f"contact{number}@{PROVIDERS[number % len(PROVIDERS)]}"
    with tempfile.TemporaryDirectory() as name:
        async with (
            Stack() as stack,
            installed(stack, "pictures", {"RELANCE_MONITORING__METRICS_PORT": "0"}) as installation,
            Mailbox(stack.mailbox_http) as mailbox,
        ):
            refused = Refuse(stage=SmtpStage.RCPT, recipient="contact*777@*", code=550, text="5.1.1 unknown")
            await mailbox.add_rule(refused)
            await installation.load(users, contacts)
            worker = await installation.start_worker()
            assert worker.metrics_url is not None
            async with prometheus(Path(name), worker.metrics_url) as server:
                await asyncio.sleep(AROUND_S)
                begun = time.time()
                cycle = await installation.start_cycle(PERIOD)
                async with asyncio.timeout(PATIENCE_S):
                    await cycle.result()
                await asyncio.sleep(AROUND_S)
                return [one for panel in PANELS if (one := await _drawn(server, panel, begun - AROUND_S)).series]


async def _drawn(server: Prometheus, panel: Panel, begun: float) -> Drawn:
    series: dict[str, Sequence[tuple[float, float]]] = {}
    for query in panel.queries:
        expression = query.expr.replace("$__rate_interval", "5s").replace("[5m]", "[10s]")
        for found in await server.query_range(expression, begun, time.time(), 1.0):
            values = [(float(at) - begun, float(value)) for at, value in found["values"] if value != "NaN"]
            if values:
                series[_legend(query.legend, found["metric"])] = values
    return Drawn(panel, series, time.time() - begun)


def _legend(text: str, labels: Mapping[str, Any]) -> str:
    for name, value in labels.items():
        text = text.replace(f"{{{{{name}}}}}", str(value))
    return text


def _page(drawn: Sequence[Drawn]) -> str:
    style = (
        "body{font:13px DejaVu Sans,sans-serif;background:#f4f5f7;margin:12px;color:#1f2933}"
        "main{display:grid;grid-template-columns:repeat(3,1fr);gap:12px}"
        "section{background:#fff;border:1px solid #dfe3e8;border-radius:4px;padding:8px 10px}"
        "h2{font-size:13px;margin:0 0 4px}p{margin:2px 0 0;font-size:11px;color:#52606d;line-height:1.5}"
        "text{font:10px DejaVu Sans,sans-serif;fill:#616e7c}"
        "i{display:inline-block;width:12px;height:3px;margin:0 4px 3px 0}"
    )
    sections = "".join(
        f"<section><h2>{escape(one.panel.title)}</h2>{_chart(one)}<p>{_legends(one)}</p></section>" for one in drawn
    )
    return f"<!DOCTYPE html><meta charset=utf-8><style>{style}</style><main>{sections}</main>"


def _legends(one: Drawn) -> str:
    names = zip(one.series, COLOURS, strict=False)
    return " &nbsp; ".join(f'<i style="background:{colour}"></i>{escape(name)}' for name, colour in names)


def _chart(one: Drawn) -> str:
    factor = FACTORS.get(one.panel.unit, 1.0)
    points = [point for values in one.series.values() for point in values]
    highest = max(value for _, value in points) * factor * 1.1 or 1.0

    def place(at: float, value: float) -> str:
        x = MARGIN + (WIDTH - MARGIN) * at / one.seconds
        return f"{x:.1f},{(HEIGHT - 18) * (1 - value * factor / highest) + 4:.1f}"

    lines = [
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" '
        f'points="{" ".join(place(at, value) for at, value in values)}"/>'
        for values, colour in zip(one.series.values(), COLOURS, strict=False)
    ]
    grid = []
    for share in (0.0, 0.5, 1.0):
        y = (HEIGHT - 18) * (1 - share) + 4
        figure = f"{highest * share:.3g}{UNITS.get(one.panel.unit, '')}"
        grid.append(f'<line x1="{MARGIN}" x2="{WIDTH}" y1="{y}" y2="{y}" stroke="#e4e7eb"/>')
        grid.append(f'<text x="{MARGIN - 4}" y="{y + 4}" text-anchor="end">{figure}</text>')
    for share in (0.0, 0.5, 1.0):
        x, anchor = MARGIN + (WIDTH - MARGIN) * share, ("start", "middle", "end")[int(share * 2)]
        grid.append(f'<text x="{x}" y="{HEIGHT}" text-anchor="{anchor}">{one.seconds * share:.0f} s</text>')
    return f'<svg width="{WIDTH}" height="{HEIGHT + 2}">{"".join(grid)}{"".join(lines)}</svg>'
