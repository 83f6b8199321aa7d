"""Previews and trial mails: the mails' looks with links that do nothing.

Each function imports what it needs when it is called: commands start fast (see `starter.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.adapters.clock import SystemClock

if TYPE_CHECKING:
    from relance.services.mail_preview import MailPreviews
    from relance.settings import Settings

DEAD = "preview"
"""Stands where a token stands in a real link; no token looks like it."""


def mail_previews(loaded: Settings, *, trial: bool = False) -> MailPreviews:
    """Return what writes previews, or trial mails, which say in subject and header that they are.

    Raises:
        SettingsError: the folder of the templates is wrong.
    """
    from relance.rendering.branding.loading import checked_branding
    from relance.rendering.mail import MailRenderer
    from relance.services.mail_preview import MailPreviews

    writer = MailRenderer(
        mail=loaded.mail,
        sign_form=lambda _: DEAD,
        sign_unsubscribe=lambda _: DEAD,
        branding=checked_branding(loaded.mail),
        trial=trial,
    )
    return MailPreviews(writer.write, SystemClock(), loaded.mail.message_id_domain, loaded.scheduling.default_zone)


async def send_trial(loaded: Settings, to_address: str, message: bytes) -> None:
    """Hand a trial mail to the relay over a connection of its own.

    Raises:
        MailRefused: the relay refuses it, or us.
        MailUncertain: no reply came.
        DependencyUnavailable: the relay cannot be reached.
    """
    from uuid import uuid4

    from relance.adapters.smtp.opening import Opener
    from relance.adapters.smtp.session import Envelope

    session = await Opener(loaded.mail).open()
    try:
        reference = uuid4().hex
        sender = f"trial+{reference}@{loaded.mail.bounce_domain}"
        await session.deliver(Envelope(sender, to_address, reference), message)
    finally:
        if not session.lost:
            await session.quit()
