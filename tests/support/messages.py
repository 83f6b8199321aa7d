"""Messages to be delivered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.domain.failures import Severity

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
KEY = "default-lp/2026-11-20/1"


def a_message(key: str = KEY, *, rows: int = 2, chart: bool = False) -> OutgoingMessage:
    return OutgoingMessage(
        key=key,
        severity=Severity.HIGH,
        title="🚨 Default LP Alert",
        text="I detected a potential issue: 2 landing pages took more than 50 clicks.",
        at=datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Europe/Amsterdam")),
        language="en",
        rows=tuple(f"Offer {n} · partner P{n} · 63 clicks" for n in range(1, rows + 1)),
        offer="Would you like me to provide more details?",
        details_url="https://desk.example/alerts/1?a=1&b=2",
        attachments=(Attachment("revenue.png", "image/png", PNG),) if chart else (),
    )


def a_foreign_message() -> OutgoingMessage:
    return replace(
        a_message("paused-partner/2026-11-20/ü".replace("ü", "u")),
        title="🚨 Partenaire à l’arrêt",
        text="J’ai vu une baisse de 62 % : Œuvre <b>&amp;</b> Łódź 株式会社 🙂",
        language="fr",
        rows=("Société Générale · 1 240,00 € → 310,00 €", "<!channel> @here [x](https://evil.example) *gras*"),
    )
