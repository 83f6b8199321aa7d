"""The senders of delivery reports: mail systems, known by their names."""

from __future__ import annotations

import re
from email.message import Message

from relance.domain.intake.parts import header

_SYSTEM = re.compile(
    r"(?:mailer[-_]?daemon|mdaemon|post(?:master|office)|maildelivery"
    r"|mail[-_ ]?(?:delivery|administrator|system|subsystem)"
    r"|microsoftexchange[0-9a-f]+|courier|mmdf|uucp|daemon|root|bounces?|system administrator)",
    re.IGNORECASE,
)


def is_system_sender(message: Message) -> bool:
    """Return whether a message comes from a mail system: by From or Sender, else by an empty return path."""
    sender = f"{header(message, 'From')} {header(message, 'Sender')}".strip()
    address = re.search(r"<?([^\s<>\"]{1,64})@[^\s<>\"]+>?\s*$", sender)
    local = address[1] if address else sender
    if _SYSTEM.match(local.strip('"<> ')) is not None:
        return True
    # Without @: "From: Mail Delivery Subsystem".
    return not address and (not sender or _SYSTEM.search(sender) is not None)
