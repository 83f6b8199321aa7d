"""The rows about one mailbox by its words: what is milder than the status comes before it, what is harder after it.

A full mailbox named 5.1.1 is full; a missing one named 5.2.2 is not given up (SPEC X1: the status before the text).
"""

from __future__ import annotations

from relance.domain.failures import smtp_words_mailbox as words
from relance.domain.failures.smtp_rows import (
    certainly_ours,
    content,
    doubtful,
    full,
    hard,
    ours,
    soft,
    unsupported,
)
from relance.domain.failures.smtp_us import LOGIN, POLICY
from relance.domain.failures.smtp_words_us import BLOCKED

SIZE = "make the mail smaller: below 100 kB nobody objects"

_NO_POLICY = r"(?!\d\.7\.).*"
"""A status of policy never touches a contact, whatever the words are (SPEC X2)."""

MILDER = (
    # RFC 4954 and 5248 speak of the sender's account; some servers mean the recipient's.
    doubtful("the recipient's account is disabled", detail=r"5\.7\.13", text=words.OF_RECIPIENT),
    certainly_ours("the sender's account is disabled", detail=r"5\.7\.13", remedy=LOGIN),
    full("the words of a full mailbox", code=r"[45]\d\d", detail=_NO_POLICY, text=words.FULL),
    doubtful("the words of a disabled mailbox", code=r"5\d\d", detail=_NO_POLICY, text=words.DISABLED),
    ours("words of blocking, of nobody knows whom", code=r"5\d\d", text=BLOCKED, remedy=POLICY),
)

HARDER = (
    unsupported("words of SMTPUTF8", code=r"5\d\d", text=words.NEEDS_UTF8),
    content("words of a virus or an attachment", code=r"5\d\d", text=words.HARMFUL),
    hard("the words of a missing mailbox", code=r"501|5[1-9]\d", text=words.UNKNOWN),
    # Outlook.com and GMX say so of a mailbox that does not exist, but it is also RFC 5321's text for any refusal.
    doubtful("the mailbox is unavailable", code=r"5[1-9]\d", text=words.UNAVAILABLE),
    doubtful("the recipient's address is refused", code=r"5[1-9]\d", text=words.ADDRESS_REFUSED),
    soft("words of a loop", code=r"5\d\d", text=words.LOOP),
    content("words of a mail too large", code=r"5\d\d", text=words.TOO_LARGE, remedy=SIZE),
)
