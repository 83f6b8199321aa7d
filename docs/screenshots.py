"""Make the pictures in `docs/images` again: `python docs/screenshots.py mails`, or `temporal`, `chat`, `alert`,
`monitoring`, `pages`, `reports`, `terminal`.

Needs Chromium on PATH (Debian package `chromium`), for chat and alert a font with emoji (`fonts-noto-color-emoji`), for
monitoring Prometheus (`prometheus`).
"""

from __future__ import annotations

import email
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.policy import default
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from alert_pictures import alert, chat  # noqa: E402
from chromium import picture  # noqa: E402
from monitoring_pictures import monitoring  # noqa: E402
from page_pictures import pages  # noqa: E402
from report_pictures import reports  # noqa: E402
from temporal_web import temporal  # noqa: E402
from terminal_pictures import terminal  # noqa: E402

from composition.mail_preview import mail_previews  # noqa: E402
from relance.adapters.tokens import LinkTokens, Purpose  # noqa: E402
from relance.domain.invitations.invitation import MailKind  # noqa: E402
from relance.ids import invitation_id, message_id  # noqa: E402
from relance.ports import OutgoingMail  # noqa: E402
from relance.rendering.mail import MailRenderer  # noqa: E402
from relance.settings import Settings  # noqa: E402
from relance.settings.keyring import Keyring  # noqa: E402
from relance.settings.mail import MailGroup  # noqa: E402
from relance.settings.privacy import LINK_KEY  # noqa: E402

EXAMPLE = ROOT / "deploy" / "templates" / "example"
IMAGES = ROOT / "docs" / "images"
WIDTHS = (600, 375)
NAMES = {"fr": ("Inès", "Camille Durand"), "en": ("Noah", "Grace Okafor")}


def main() -> None:
    """Run the command named on the command line."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    ways: dict[str, Callable[[], None]] = {
        "mails": mails,
        "temporal": partial(temporal, IMAGES),
        "chat": partial(chat, IMAGES),
        "alert": partial(alert, IMAGES),
        "reports": partial(reports, IMAGES),
        "monitoring": partial(monitoring, IMAGES),
        "pages": partial(pages, IMAGES),
        "terminal": partial(terminal, IMAGES),
    }
    if len(sys.argv) != 2 or sys.argv[1] not in ways:
        sys.exit(f"usage: python docs/screenshots.py {'|'.join(ways)}")
    ways[sys.argv[1]]()


def mails() -> None:
    """Picture every mail in both languages and widths, and one in dark."""
    tokens = LinkTokens(Keyring(LINK_KEY, (secrets.token_urlsafe(32),)))
    writer = MailRenderer(MailGroup(), partial(tokens.sign, Purpose.SUBMIT), partial(tokens.sign, Purpose.UNSUBSCRIBE))
    for kind in MailKind:
        for language in NAMES:
            page = html_part(writer, kind, language)
            for width in WIDTHS:
                picture(page, width, IMAGES / f"mail-{kind}-{language}-{width}.png")
    picture(html_part(writer, MailKind.INVITATION, "fr"), 600, IMAGES / "mail-invitation-fr-600-dark.png", dark=True)
    example = mail_previews(Settings.model_validate({"mail": {"templates": EXAMPLE, "rehearsal": True}}))
    html = example.sample(MailKind.INVITATION, "fr").html
    picture(html, 600, IMAGES / "mail-example-invitation-fr-600.png")
    picture(html, 375, IMAGES / "mail-example-invitation-fr-375-dark.png", dark=True)


def html_part(writer: MailRenderer, kind: MailKind, language: str) -> str:
    """Return the HTML of one sample mail, as a mail program would see it."""
    invitation = invitation_id("2026-11", "u1", "c1")
    to_name, sender = NAMES[language]
    letter = OutgoingMail(
        invitation_id=invitation,
        kind=kind,
        message_id=message_id(invitation, kind, "form-a-friend.example"),
        to_address="someone@mail.example",
        to_name=to_name,
        sender_name=sender,
        locale=language,
        date=datetime(2026, 11, 5, 17, tzinfo=UTC),
    )
    part = email.message_from_bytes(writer.write(letter)[1], policy=default).get_body(("html",))
    if part is None:
        sys.exit(f"the {kind} mail has no HTML part")
    return str(part.get_content())


if __name__ == "__main__":
    main()
