"""Previews and trial mails: the mails' looks with links that do nothing.

Each function imports what it needs when it is called: commands start fast (see `starter.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.adapters.clock import SystemClock

if TYPE_CHECKING:
    from relance.rendering.branding.model import Branding
    from relance.services.mail_preview import MailDesk, MailPreviews
    from relance.settings import Settings

DEAD = "preview"
"""Stands where a token stands in a real link; no token looks like it."""


def mail_previews(loaded: Settings, *, trial: bool = False) -> MailPreviews:
    """Return what writes previews, or trial mails, which say in subject and header that they are.

    Raises:
        SettingsError: the folder of the templates is wrong, or a trial would name a sender that does not exist.
    """
    from relance.rendering.branding.loading import checked_branding
    from relance.settings.unfit import check_names

    if trial:
        check_names(loaded.mail, loaded.gateway)
    return _previews(loaded, checked_branding(loaded.mail), trial=trial)


def _previews(loaded: Settings, branding: Branding, *, trial: bool) -> MailPreviews:
    from relance.rendering.mail import MailRenderer
    from relance.services.mail_preview import MailPreviews

    writer = MailRenderer(
        mail=loaded.mail,
        sign_form=lambda _: DEAD,
        sign_unsubscribe=lambda _: DEAD,
        branding=branding,
        trial=trial,
    )
    return MailPreviews(writer.write, SystemClock(), loaded.mail.message_id_domain, loaded.scheduling.default_zone)


def mail_desk(loaded: Settings) -> MailDesk:
    """Return what the console shows of the mails; the templates are read once, when somebody first looks."""
    from functools import cache, partial

    from relance.rendering.branding.loading import load_templates
    from relance.services.mail_preview import MailDesk, MailLooks

    @cache
    def looks() -> MailLooks:
        found = load_templates(loaded.mail)
        if found.wrong:
            return MailLooks(found.findings)
        previews, trials = (_previews(loaded, found.branding, trial=trial) for trial in (False, True))
        return MailLooks(found.findings, previews, trials)

    return MailDesk(folder=loaded.mail.templates, looks=looks, hand_over=partial(send_trial, loaded))


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
