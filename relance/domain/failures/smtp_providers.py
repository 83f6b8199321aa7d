"""What single providers answer in their own words, with the pause they ask for.

Sources: Google's and Microsoft's support pages and Yahoo's postmaster pages as collected in `reference/mail.md` A.3;
the pauses of Yahoo and Orange are those the KumoMTA community settled on.
"""

from __future__ import annotations

from datetime import timedelta

from relance.domain.failures.model import Severity
from relance.domain.failures.smtp_rows import ABOUT_RECIPIENT, certainly_ours, ours, slow
from relance.domain.failures.smtp_us import ALLOWANCE, RATE, RECORDS

_REPUTATION = "look the relay's address and our domain up at the provider's postmaster pages before going on"
_FRENCH = r"1(?:0[1-35-9]|10)|201|30\d|40[1-5]|415|421|42[34]|506|51[0137]|517|630|999"
"""The numbers of Orange and La Poste that speak of us; those of a mailbox are explained in words."""

PROVIDERS = (
    slow("Gmail: unusual rate of mail from us", code=r"4\d\d", detail=r"4\.7\.28", remedy=RATE),
    # Gmail defers what fails SPF, DKIM, DMARC, PTR or TLS.
    certainly_ours(
        "Gmail: mail without SPF, DKIM, DMARC, PTR or TLS is deferred",
        detail=r"4\.7\.(2[0-79]|3[0-2])",
        retryable=True,
        remedy=RECORDS,
    ),
    certainly_ours(
        "Gmail: no TLS", code=r"4\d\d", detail=r"4\.7\.0", text=r"\btls\b|encrypt", retryable=True, remedy=RECORDS
    ),
    slow(
        "Gmail: the recipient gets mail too fast",
        code=r"4\d\d",
        detail=r"4\.2\.1",
        text=r"too (?:fast|quickly)|at a rate",
        severity=Severity.LOW,
        remedy=RATE,
    ),
    slow(
        "Gmail, Microsoft: the daily allowance is used up",
        code=r"[45]\d\d",
        detail=r"[45]\.4\.5|5\.1\.90|5\.2\.120",
        pause=timedelta(hours=24),
        remedy=ALLOWANCE,
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
    slow(
        "Orange: too many connections",
        code=r"4\d\d",
        text=r"trop de connexions|\bofr_?004",
        pause=timedelta(hours=1),
        remedy="allow fewer connections to this provider",
    ),
    ours(
        "Orange, La Poste: refused by a number that speaks of us",
        code=r"5\d\d",
        text=rf"\b(?:ofr|lpn|lpnaaa|ouk)\d{{0,3}}[-_](?:{_FRENCH})\b",
        remedy=_REPUTATION,
    ),
    slow(
        "SFR: blocked for two hours",
        code=r"4\d\d",
        text=r"\bsfr_in_\d{3}\b",
        pause=timedelta(hours=2),
        remedy=_REPUTATION,
    ),
    ours("T-Online: our address is not welcome", code=r"5\d\d", text=r"\bip[=:] ?\{ip\}", remedy=_REPUTATION),
    slow(
        "Microsoft: rate limited for the reputation of our address",
        detail=r"4\.7\.[56]\d\d",
        remedy=_REPUTATION,
    ),
    slow("Microsoft: RP-001 to RP-003", code=r"4\d\d", text=r"\brp-00[123]\b", remedy=_REPUTATION),
    certainly_ours(
        "Microsoft: our domain does not meet the required authentication", detail=r"5\.7\.515", remedy=RECORDS
    ),
    certainly_ours("Microsoft: our domain fails DMARC and asks to be refused", detail=r"5\.7\.509", remedy=RECORDS),
    ours(
        "Microsoft: our address is banned or on a block list",
        detail=r"5\.7\.(60[6-9]|6[1-4]\d|511|7[05]\d)",
        remedy=_REPUTATION,
    ),
    ours("Microsoft: SC, OU, DY", code=r"5\d\d", text=r"\b(?:sc|ou|dy)-00\d\b", remedy=_REPUTATION),
    slow(
        "Free, La Poste, SFR: too many mails or connections",
        code=r"421",
        text=r"too many spams?\b|\blpn\d{3}_104|slow down",
        stages=("connect", "mail", *ABOUT_RECIPIENT),
        remedy=_REPUTATION,
    ),
)
