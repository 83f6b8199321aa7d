"""What the relay offers by way of TLS, and how long its certificate is valid."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import aiosmtplib

from relance.domain.mail_setup.relay_tls import RelayTls
from relance.settings.mail import MailGroup, TlsMode

PATIENCE = 8.0
"""Seconds for the whole conversation: a person waits."""


async def relay_tls(mail: MailGroup) -> RelayTls:
    """Connect to the relay, secure the connection if it offers that, and take leave; sends no mail and no password."""
    context = ssl.create_default_context()
    client = aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        timeout=PATIENCE,
        use_tls=mail.tls is TlsMode.TLS,
        start_tls=False,
        tls_context=context,
    )
    seen = RelayTls(host=mail.host, port=mail.port, mode=mail.tls.value, is_local=mail.is_local)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _conversation(client, seen, context)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        fault = _fault(error)
        if fault:
            return _with(seen, offered=True, fault=fault)
        return _with(seen, trouble=_trouble(error))
    finally:
        client.close()


async def _conversation(client: aiosmtplib.SMTP, seen: RelayTls, context: ssl.SSLContext) -> RelayTls:
    await client.connect()
    await client.ehlo()
    if seen.mode != TlsMode.TLS:
        if not client.supports_extension("starttls"):
            await _take_leave(client)
            return seen
        await client.starttls(tls_context=context)
    transport = client.transport
    secured = transport.get_extra_info("ssl_object") if transport is not None else None
    if secured is None:
        return _with(seen, trouble="the connection is not secured after STARTTLS")
    until = secured.getpeercert().get("notAfter")
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else None
    await _take_leave(client)
    return _with(seen, offered=True, version=secured.version() or "", expires=expires)


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    # Everything has been seen: how the relay ends the conversation changes nothing.
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()


def _with(
    seen: RelayTls,
    *,
    trouble: str = "",
    offered: bool = False,
    fault: str = "",
    version: str = "",
    expires: datetime | None = None,
) -> RelayTls:
    return RelayTls(
        host=seen.host,
        port=seen.port,
        mode=seen.mode,
        is_local=seen.is_local,
        trouble=trouble,
        offered=offered,
        fault=fault,
        version=version,
        expires=expires,
    )


def _fault(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return f"the handshake fails ({cause.reason})"
        cause = cause.__cause__ or cause.__context__
    return ""


def _trouble(error: BaseException) -> str:
    if isinstance(error, TimeoutError | aiosmtplib.SMTPTimeoutError):
        return f"no answer within {PATIENCE:g} s"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"it answers {error.code} {error.message[:80]}"
    return f"it cannot be reached ({type(error).__name__})"
