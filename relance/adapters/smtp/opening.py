"""How a connection to the relay comes about: connect, secure, authenticate (aiosmtplib), then take it over."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast
from weakref import WeakSet

import aiosmtplib

from relance.adapters.breaker import Breaker, BreakerVerdict
from relance.adapters.smtp.protocol import Dialogue
from relance.adapters.smtp.session import Session
from relance.domain.failures.smtp import NO_TRUST, NOT_OFFERED, UNREACHABLE_RELAY
from relance.errors import DependencyUnavailable, MailRefused
from relance.settings.mail import MailGroup, TlsMode


class Opener:
    """Opens sessions by the settings; the TLS context and our host name are found once."""

    def __init__(self, mail: MailGroup) -> None:
        self._mail = mail
        self._context = None if mail.tls is TlsMode.NONE else _tls_context(verify=mail.verify_certificate)
        self._hostname: str | None = None

    async def open(self) -> Session:
        """Open a session.

        Raises:
            DependencyUnavailable: the relay cannot be reached, refuses for now (4xx), or cannot be trusted.
            MailRefused: the relay refuses for good; stage `connect` or `auth`.
        """
        client = self._client()
        try:
            async with asyncio.timeout(self._mail.connect_timeout):
                await client.connect()
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            stage = "auth" if isinstance(error, aiosmtplib.SMTPAuthenticationError) else "connect"
            if error.code >= 500:
                raise MailRefused(error.code, error.message, stage) from None
            raise DependencyUnavailable("relay", f"it answered {error.code} at {stage}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise DependencyUnavailable("relay", _reason(error), code=_code(error)) from None
        except BaseException:
            # Cancelled, or a fault of ours: the connection would stay open.
            client.close()
            raise
        self._hostname = client.local_hostname
        return self._take_over(client)

    def _client(self) -> aiosmtplib.SMTP:
        mail = self._mail
        return aiosmtplib.SMTP(
            hostname=mail.host,
            port=mail.port,
            username=mail.username,
            password=mail.password.get_secret_value() if mail.username and mail.password else None,
            local_hostname=self._hostname,
            timeout=mail.connect_timeout,
            use_tls=mail.tls is TlsMode.TLS,
            start_tls=mail.tls is TlsMode.STARTTLS,
            tls_context=self._context,
        )

    def _take_over(self, client: aiosmtplib.SMTP) -> Session:
        if client.protocol is None or client.protocol.transport is None:
            raise DependencyUnavailable("relay", "it closed the connection after the greeting")
        dialogue = Dialogue(cast("asyncio.Transport", client.protocol.transport))
        return Session(
            dialogue,
            frozenset(client.esmtp_extensions),
            command_timeout=self._mail.command_timeout,
            data_timeout=self._mail.data_timeout,
        )


def _tls_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _code(error: BaseException) -> str:
    if _lacks_what_we_need(error):
        return NOT_OFFERED
    tls = _tls_error(error)
    # A relay that hangs up in the middle of the handshake is going away, or restarting.
    gone = isinstance(tls, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return UNREACHABLE_RELAY if tls is None or gone else NO_TRUST


def _lacks_what_we_need(error: BaseException) -> bool:
    # aiosmtplib raises its root class for an extension or a login method that is missing.
    return type(error) in {aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported}


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__
    return None


def _reason(error: BaseException) -> str:
    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {tls.verify_message}"
    if _lacks_what_we_need(error):
        return "it does not offer what the settings ask for (STARTTLS or authentication)"
    if isinstance(error, TimeoutError):
        return "no answer in time while connecting"
    return f"connecting failed ({type(error).__name__})"


class GuardedOpener:
    """Opens sessions unless the relay has just failed to."""

    def __init__(self, opener: Opener, breaker: Breaker) -> None:
        self._opener = opener
        self._breaker = breaker
        self._opened: WeakSet[Session] = WeakSet()

    async def open(self) -> Session:
        """Open a session.

        Raises:
            DependencyUnavailable: as `Opener.open`; also at once, with `retry_after`, while the breaker is open.
            MailRefused: the relay refuses for good; stage `connect` or `auth`.
        """
        with self._breaker.call(self._verdict, _left_alone):
            session = await self._opener.open()
        self._opened.add(session)
        return session

    def _verdict(self, error: Exception) -> BreakerVerdict:
        if not isinstance(error, DependencyUnavailable | MailRefused):
            return BreakerVerdict.NOTHING
        # A relay that allows so many connections and not one more is not down.
        return BreakerVerdict.NOTHING if any(not session.lost for session in self._opened) else BreakerVerdict.FAILURE


def _left_alone(detail: str, seconds: float) -> DependencyUnavailable:
    return DependencyUnavailable("relay", detail, code=UNREACHABLE_RELAY, retry_after=seconds)
