"""The encryption of the way to the relay: STARTTLS offered, certificate valid, and for how long (RFC 3207)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.mail_setup.findings import fine, warning, wrong

PART = "relay TLS"
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class RelayTls:
    """What was seen at the relay.

    `mode` is the setting (`none`, `starttls`, `tls`); `trouble` why there was no conversation at all; `fault` why the
    certificate is not valid for this host, nothing if it is; `expires` its end, if it could be read.
    """

    host: str
    port: int
    mode: str
    is_local: bool
    trouble: str = ""
    offered: bool = False
    fault: str = ""
    version: str = ""
    expires: datetime | None = None


def judge_tls(seen: RelayTls, now: datetime, *, verified: bool) -> list[CheckFinding]:
    """Judge it; `verified` is whether the worker insists on a valid certificate."""
    where = f"{seen.host}:{seen.port}"
    if seen.trouble:
        remedy = "start the relay, or set RELANCE_MAIL__HOST, __PORT, __TLS"
        return [CheckFinding(PART, FindingState.UNREACHABLE, f"{where}: {seen.trouble}", remedy)]
    if not seen.offered:
        return [_not_offered(seen, where)]
    findings = [_of_mode(seen, where)] if seen.mode == "none" and not seen.is_local else []
    if seen.fault:
        return [*findings, _of_fault(seen, where, verified=verified)]
    if seen.expires is None:
        return [*findings, fine(PART, f"{where}: {seen.version}, the certificate is valid")]
    left = seen.expires - now
    until = f"{where}: {seen.version}, the certificate is valid for {left.days} more days ({seen.expires:%Y-%m-%d})"
    renew = "renew it, and see that the relay loads the new one by itself"
    return [*findings, warning(PART, until, renew) if left < SOON else fine(PART, until)]


def _not_offered(seen: RelayTls, where: str) -> CheckFinding:
    if seen.mode != "none":
        return wrong(PART, f"{where} offers no STARTTLS, which the settings ask for", "turn TLS on at the relay")
    if seen.is_local:
        return fine(PART, f"{where} is on this machine and offers no TLS; nothing leaves the machine unencrypted")
    remedy = "turn TLS on at the relay and set RELANCE_MAIL__TLS=starttls"
    return wrong(PART, f"{where} offers no TLS: mails with their links travel unencrypted", remedy)


def _of_mode(seen: RelayTls, where: str) -> CheckFinding:
    return wrong(PART, f"{where} offers TLS and the settings do not use it", "set RELANCE_MAIL__TLS=starttls")


def _of_fault(seen: RelayTls, where: str, *, verified: bool) -> CheckFinding:
    detail = f"{where}: the certificate is not valid: {seen.fault}"
    remedy = "give the relay a certificate for this name from a known authority, with the whole chain"
    if seen.is_local and seen.mode == "none":
        return fine(PART, f"{where} is on this machine and TLS is not used")
    if verified and seen.mode != "none":
        return wrong(PART, detail, remedy)
    return warning(PART, f"{detail}; the settings do not ask for a valid one", remedy)
