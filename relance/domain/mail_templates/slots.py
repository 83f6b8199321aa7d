"""The slots and blocks that templates of one's own know; `docs/mails.md` lists them from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("fr", "en")

LINK_SLOTS: Final[Mapping[str, str]] = {
    "form_url": "the link to the recipient's form; as a whole `href`, nothing added",
    "unsubscribe_url": "the link that ends the invitations; as a whole `href`, nothing added",
    "privacy_url": "`privacy_url` of `brand.toml`, in the language of the mail",
}
SLOTS: Final[Mapping[str, str]] = {
    "sender": "the name of the user who invites, or `Someone you know`",
    "greeting": "`Hello NAME,`, or `Hello,` to who has no name",
    "brand": "`name` of `brand.toml`, or `RELANCE_MAIL__SENDER_NAME`",
    "postal_address": "`postal_address` of `brand.toml`",
    **LINK_SLOTS,
}
SUBJECT_SLOTS: Final = ("sender", "brand")

BLOCKS: Final[Mapping[str, str]] = {
    "subject": "the subject line: text without HTML, with the slots `sender` and `brand` alone",
    "preheader": "what mail programs show beside the subject; hidden in the mail itself",
    "tag": "the small line above the title",
    "title": "the title",
    "body": "the paragraphs below the greeting",
    "action": "the button and the line below it; holds `button` and `note`, and must keep `form_url`",
    "button": "the words on the button",
    "note": "the line below the button",
}
SHARED_BLOCKS: Final[Mapping[str, str]] = {
    "footer": "everything below the card; holds the four blocks that follow, and must keep `unsubscribe_url`",
    "reason": "why the recipient gets this mail",
    "unsubscribe": "the words of the unsubscribe link",
    "legal": "the legal notice: who writes, the postal address, the link to the privacy notice",
    "privacy": "the words of the link to the privacy notice",
}
"""Blocks that `fr.html` and `en.html` may set for all mails of the language; those of one mail may set them too."""

MACROS: Final[Mapping[str, str]] = {
    "text": "a paragraph: `{% call text() %}...{% endcall %}`",
    "quiet": "a small paragraph, as in the footer: `{% call quiet() %}...{% endcall %}`",
    "aside": "a paragraph set apart in a box: `{% call aside() %}...{% endcall %}`",
}

MARKED: Final = re.compile("\ue000([a-z_]+)\ue001")
"""A slot in a text whose slots are not filled yet; its name is the first group."""


def mark(name: str) -> str:
    """Return what stands for a slot until a mail is written; private-use characters, which no text of ours holds."""
    return f"\ue000{name}\ue001"
