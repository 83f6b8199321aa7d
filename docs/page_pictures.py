"""Pictures of the pages behind the links in mails, on a phone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from chromium import picture

from relance.domain.invitations.opt_outs import OptOutScope, OptOutStatus
from relance.rendering.pages import PageWriter, UnsubscribeView

PHONE = 375
NAMES = {"fr": "Camille Durand", "en": "Grace Okafor"}
UNTIL = datetime(2026, 12, 5, 18, 0, tzinfo=UTC)


def views() -> dict[str, UnsubscribeView]:
    """Return every page by a name."""
    found: dict[str, UnsubscribeView] = {}
    for language, name in NAMES.items():
        found[f"unsubscribe-{language}"] = UnsubscribeView(language, name, OptOutStatus.WRITTEN_TO)
        for standing, scope in (
            (OptOutStatus.NOT_BY_SENDER, OptOutScope.SENDER),
            (OptOutStatus.BY_NOBODY, OptOutScope.EVERYONE),
        ):
            found[f"unsubscribed-{scope}-{language}"] = UnsubscribeView(
                language=language, sender_name=name, standing=standing, undo=(scope, UNTIL), changed=True
            )
        found[f"undone-{language}"] = UnsubscribeView(language, name, OptOutStatus.WRITTEN_TO, changed=True)
    return found


def pages(images: Path) -> None:
    """Picture the page that asks and the one that has acted, light and dark."""
    writer = PageWriter("Form-a-Friend", "Europe/Paris")
    for name, view in views().items():
        if name.startswith(("unsubscribe-", "unsubscribed-sender-")):
            for dark in (False, True):
                target = images / f"page-{name}-{PHONE}{'-dark' if dark else ''}.png"
                picture(writer.unsubscribe(view), PHONE, target, dark=dark)
