"""*Mails*: each mail in each language, as it would go to a chosen person, and what is wrong with the templates."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import Asked, ConsolePage, PageAction, PageDocument, Params, Redirect, Region
from relance.domain.console.people import SignedInPerson
from relance.domain.health.check_finding import FindingState
from relance.domain.invitations.invitation import MailKind
from relance.domain.mail_templates.slots import LANGUAGES
from relance.domain.sentences import Sentence
from relance.errors import InvalidInput, NotFound
from relance.services.mail_preview import MailLooks, MailPreview
from relance.services.mail_trial import send_trials

WIDTHS = (600, 375)


async def _mail(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    kind, language = _chosen(params)
    query = urlencode({"template": kind, "language": language, "contact": params["contact"]})
    shown = {"query": query, "widths": WIDTHS, "full": None, "masked": None, "missing": False}
    looks = await _looks(needs)
    if looks.previews is None:
        return shown
    try:
        # The same data serve operators and viewers; the template takes what the role may see.
        full, masked = [await _preview(needs, looks, params, masked=masked) for masked in (False, True)]
    except NotFound:
        return {**shown, "missing": True}
    return {**shown, "full": full, "masked": masked}


async def _checks(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    looks = await _looks(needs)
    wrong = [finding for finding in looks.findings if finding.state is FindingState.WRONG]
    return {"folder": needs.mails.folder, "findings": looks.findings, "wrong": len(wrong)}


async def _document(needs: ConsoleNeeds, params: Params, person: SignedInPerson) -> str:
    looks = await _looks(needs)
    if looks.previews is None:
        raise NotFound("the templates are wrong")
    return (await _preview(needs, looks, params, masked=not person.decides)).html


async def _trial(needs: ConsoleNeeds, asked: Asked) -> Redirect:
    looks = await _looks(needs)
    if looks.trials is None:
        raise InvalidInput(
            "RELANCE_MAIL__TEMPLATES", Sentence("the templates are wrong"), Sentence("see the checks on this page")
        )
    kind, language = _chosen(asked.form)
    await send_trials(
        asked.form.get("to", "").strip(),
        [kind],
        [language],
        trials=looks.trials,
        suppressions=needs.data.suppressions,
        hand_over=needs.mails.hand_over,
        field="to",
    )
    return Redirect(f"/mails?{urlencode({'template': kind, 'language': language})}", notice="mails.trial")


async def _looks(needs: ConsoleNeeds) -> MailLooks:
    return await asyncio.to_thread(needs.mails.looks)


async def _preview(needs: ConsoleNeeds, looks: MailLooks, params: Params, *, masked: bool) -> MailPreview:
    kind, language = _chosen(params)
    assert looks.previews is not None
    if not params["contact"]:
        return looks.previews.sample(kind, language)
    data = needs.data
    return await looks.previews.of_contact(
        kind, params["contact"], data.users, data.contacts, language=language, masked=masked
    )


def _chosen(params: Mapping[str, str]) -> tuple[MailKind, str]:
    kind, language = params.get("template", ""), params.get("language", "")
    return (
        MailKind(kind) if kind in set(MailKind) else MailKind.INVITATION,
        language if language in LANGUAGES else LANGUAGES[0],
    )


PAGE = ConsolePage(
    name="mails",
    path="/mails",
    template="mails/page.html",
    regions=(Region("mail", "mails/mail.html", _mail), Region("checks", "mails/checks.html", _checks)),
    query=("template", "language", "contact"),
    actions=(PageAction("trial", _trial),),
    documents=(PageDocument("mail", _document),),
)
