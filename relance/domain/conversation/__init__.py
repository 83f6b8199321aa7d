"""What people write into the chat, and what of it may be done (SPEC K3)."""

from relance.domain.conversation.model import DECIDING, Intent, Misunderstood, Name, NameKind, Request, Unclear
from relance.domain.conversation.reading import read, silence_from

__all__ = [
    "DECIDING",
    "Intent",
    "Misunderstood",
    "Name",
    "NameKind",
    "Request",
    "Unclear",
    "read",
    "silence_from",
]
