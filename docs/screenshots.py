"""Make the pictures in `docs/images` again: `python docs/screenshots.py mails`, `python docs/screenshots.py temporal`.

Needs Chromium on PATH (Debian package `chromium`). A mail is laid out in a frame of exact width, because a headless
window is never narrower than about 500 pixels; its height is measured first, so that nothing is cut off or left empty.
"""

from __future__ import annotations

import email
import re
import sys
import tempfile
from datetime import UTC, datetime
from email.policy import default
from functools import partial
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chromium import chromium  # noqa: E402
from temporal_web import temporal  # noqa: E402

from relance.adapters.tokens import LinkTokens, Purpose  # noqa: E402
from relance.domain.invitation import MailKind  # noqa: E402
from relance.ids import invitation_id, message_id  # noqa: E402
from relance.ports import Letter  # noqa: E402
from relance.rendering.letters import LetterWriter  # noqa: E402
from relance.settings import Mail, Privacy  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WIDTHS = (600, 375)
NAMES = {"fr": ("Inès", "Camille Durand"), "en": ("Noah", "Grace Okafor")}


def main() -> None:
    """Run the command named on the command line."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["mails"]:
        mails()
    elif sys.argv[1:] == ["temporal"]:
        temporal(IMAGES)
    else:
        sys.exit("usage: python docs/screenshots.py mails|temporal")


def mails() -> None:
    """Picture every mail in both languages and widths, and one in dark."""
    tokens = LinkTokens(Privacy().link_key)
    writer = LetterWriter(Mail(), partial(tokens.sign, Purpose.SUBMIT), partial(tokens.sign, Purpose.UNSUBSCRIBE))
    for kind in MailKind:
        for language in NAMES:
            page = html_part(writer, kind, language)
            for width in WIDTHS:
                picture(page, width, IMAGES / f"mail-{kind}-{language}-{width}.png")
    picture(html_part(writer, MailKind.INVITATION, "fr"), 600, IMAGES / "mail-invitation-fr-600-dark.png", dark=True)


def html_part(writer: LetterWriter, kind: MailKind, language: str) -> str:
    """Return the HTML of one sample mail, as a mail program would see it."""
    invitation = invitation_id("2026-11", "u1", "c1")
    to_name, sender = NAMES[language]
    letter = Letter(
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


def picture(page: str, width: int, target: Path, *, dark: bool = False) -> None:
    """Write what a mail of this width looks like to a PNG file."""
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        script = "f.onload=()=>{document.title='h'+f.contentDocument.documentElement.scrollHeight}"
        frame.write_text(
            f'<!DOCTYPE html><body style="margin:0"><iframe id="f" srcdoc="{escape(page)}" '
            f'style="display:block;border:0;width:{width}px;height:100px"></iframe><script>{script}</script>'
        )
        dumped = chromium(folder, f"--window-size=1200,800 --dump-dom --virtual-time-budget=2000 {frame.as_uri()}")
        found = re.search(r"<title>h(\d+)</title>", dumped)
        if found is None:
            sys.exit("the height of the mail could not be measured")
        frame.write_text(frame.read_text().replace("height:100px", f"height:{found[1]}px"))
        scheme = "--blink-settings=preferredColorScheme=0" if dark else "--blink-settings=preferredColorScheme=1"
        size = f"--window-size={width},{found[1]}"
        chromium(folder, f"{scheme} {size} --screenshot={target} {frame.as_uri()}")
    print(f"{target.relative_to(ROOT)}: {width} x {found[1]}, {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
