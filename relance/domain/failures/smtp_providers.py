"""What single providers answer in their own words, with the pause they ask for.

Sources: Google's and Microsoft's support pages and Yahoo's postmaster pages as collected in `reference/mail.md` A.3;
the pauses of Yahoo and Orange are those the KumoMTA community settled on.
"""

from __future__ import annotations

from datetime import timedelta

from relance.domain.failures.model import Severity
from relance.domain.failures.smtp_rows import ABOUT_RECIPIENT, certainly_ours, hard, ours, slow

_RECORDS = "mend SPF, DKIM, DMARC, the reverse name of the relay's address, or its TLS"
_REPUTATION = "look the relay's address and our domain up at the provider's postmaster pages before going on"
_RATE = "lower RELANCE_MAIL__RATE_PER_DOMAIN if it goes on"

PROVIDERS = (
    slow("Gmail: unusual rate of mail from us", code=r"4\d\d", detail=r"4\.7\.28", remedy=_RATE),
    # Gmail defers what fails SPF, DKIM, DMARC, PTR or TLS.
    certainly_ours(
        "Gmail: mail without SPF, DKIM, DMARC, PTR or TLS is deferred",
        detail=r"4\.7\.(2[0-79]|3[0-2])",
        retryable=True,
        remedy=_RECORDS,
    ),
    certainly_ours(
        "Gmail: no TLS", code=r"4\d\d", detail=r"4\.7\.0", text=r"\btls\b|encrypt", retryable=True, remedy=_RECORDS
    ),
    slow(
        "Gmail: the recipient gets mail too fast", code=r"4\d\d", detail=r"4\.2\.1", severity=Severity.LOW, remedy=_RATE
    ),
    slow(
        "Gmail, Microsoft: the daily allowance is used up",
        code=r"[45]\d\d",
        detail=r"[45]\.4\.5|5\.2\.120",
        pause=timedelta(hours=24),
        remedy="send over a relay with a larger allowance",
    ),
    slow("Yahoo [TSS04]", code=r"4\d\d", text=r"\[tss04\]", pause=timedelta(hours=2), remedy=_REPUTATION),
    slow("Yahoo [TSS05]", code=r"4\d\d", text=r"\[tss05\]", pause=timedelta(hours=4), remedy=_REPUTATION),
    slow(
        "Yahoo [TS01], [TS02], [TS03]",
        code=r"4\d\d",
        text=r"\[ts0[123]\]",
        pause=timedelta(minutes=30),
        remedy=_REPUTATION,
    ),
    hard(
        "Yahoo: no such account",
        code=r"55[04]",
        detail=r"(5\.[0-6]\.\d+)?",
        text=r"user doesn'?t have an? \S+ account",
    ),
    slow(
        "Orange: too many connections",
        code=r"4\d\d",
        text=r"trop de connexions|\bofr_?004",
        pause=timedelta(hours=1),
        remedy="allow fewer connections to this provider",
    ),
    ours("Orange: rejected as unwanted", code=r"5\d\d", text=r"\bofr_?506", remedy=_REPUTATION),
    slow(
        "Microsoft: rate limited for the reputation of our address",
        detail=r"4\.7\.[56]\d\d",
        remedy=_REPUTATION,
    ),
    slow("Microsoft: RP-001 to RP-003", code=r"4\d\d", text=r"\brp-00[123]\b", remedy=_REPUTATION),
    certainly_ours(
        "Microsoft: our domain does not meet the required authentication", detail=r"5\.7\.515", remedy=_RECORDS
    ),
    certainly_ours("Microsoft: our domain fails DMARC and asks to be refused", detail=r"5\.7\.509", remedy=_RECORDS),
    ours(
        "Microsoft: our address is banned or on a block list",
        detail=r"5\.7\.(60[6-9]|6[1-4]\d|511|7[05]\d)",
        remedy=_REPUTATION,
    ),
    # Exchange Online names a mailbox that does not exist this way.
    hard("Microsoft: no such mailbox", detail=r"5\.4\.1", text=r"recipient address rejected"),
    slow(
        "Free, La Poste, SFR: too many mails or connections",
        code=r"421",
        text=r"too many spams?\b|\blpn\d{3}_104|slow down",
        stages=("connect", "mail", *ABOUT_RECIPIENT),
        remedy=_REPUTATION,
    ),
)
