"""The links of mails: to the gateway's page, a mail address beside it, and a picture for who has agreed."""

from __future__ import annotations

import re
from functools import partial

import pytest

from composition.connections import unsubscribe_mail
from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.invitations.invitation import MailKind
from relance.ids import invitation_id
from relance.rendering.mail import MailRenderer
from relance.settings import Settings
from relance.settings.gateway import Gateway
from relance.settings.intake import Intake
from relance.settings.mail import MailGroup
from relance.settings.unfit import unfit_names
from tests.rendering.mails import EVERY, INVITATION, a_letter, defects, part, read
from tests.support.keys import PRIVACY

TOKENS = LinkTokens(PRIVACY.link_keys)
SIGN = partial(TOKENS.sign, Purpose.UNSUBSCRIBE)
LONG_ID = invitation_id("2026-11", "u" * 24, "c" * 24)


def _writer(mail: MailGroup | None = None, intake: Intake | None = None) -> MailRenderer:
    settings = Settings(mail=mail or MailGroup(), intake=intake or Intake())
    return MailRenderer(
        settings.mail,
        partial(TOKENS.sign, Purpose.SUBMIT),
        SIGN,
        unsubscribe_mail=unsubscribe_mail(settings, TOKENS),
        sign_opened=partial(TOKENS.sign, Purpose.OPEN),
    )


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_mail_address_stands_beside_the_link(kind: MailKind, language: str) -> None:
    message = read(_writer().write(a_letter(kind, language))[1])
    https, mailto = message["List-Unsubscribe"].split(", ")
    assert https == f"<https://form-a-friend.example/u/{SIGN(INVITATION)}>"
    token = TOKENS.mailto_token(INVITATION)
    assert mailto == f"<mailto:unsub+{token}@bounces.form-a-friend.example?subject=unsubscribe>"
    assert list(defects(message)) == []
    assert https[1:-1] in part(message, "plain")


@pytest.mark.parametrize("address", ["unsub@in.example", "unsubscribe@in.example", "a@in.example"])
@pytest.mark.parametrize("invitation", [INVITATION, LONG_ID, invitation_id("2026-11", "u" * 60, "c" * 60)])
def test_the_address_fits_and_names_the_invitation_wherever_the_intake_is(address: str, invitation: str) -> None:
    settings = Settings(intake=Intake(unsubscribe_address=address))
    target, _, subject = unsubscribe_mail(settings, TOKENS)(invitation).partition("?subject=")
    local, _, domain = target.partition("@")
    assert domain == "in.example"
    assert len(local) <= 64
    if "+" in local:
        assert local.partition("+")[2] in TOKENS.mailto_tokens(invitation)
    else:
        assert TOKENS.verify(Purpose.UNSUBSCRIBE, subject) == invitation


def test_lines_of_the_header_are_short_enough() -> None:
    raw = _writer().write(a_letter(invitation_id=LONG_ID))[1]
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize(("is_on", "has_agreed"), [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("kind", list(MailKind))
def test_a_picture_is_only_in_mails_to_who_has_agreed(kind: MailKind, is_on: bool, has_agreed: bool) -> None:
    message = read(_writer(MailGroup(open_tracking=is_on)).write(a_letter(kind, is_tracked=has_agreed))[1])
    pictures = re.findall(r'<img src="([^"]+)"', part(message, "html"))
    wanted = f"https://form-a-friend.example/o/{TOKENS.sign(Purpose.OPEN, INVITATION)}.gif"
    assert pictures == ([wanted] if is_on and has_agreed else [])
    assert "/o/" not in part(message, "plain")


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ({"gateway": {"public_url": "https://door.fr/x/"}}, "https://door.fr/x/"),
        ({"gateway": {"public_url": "https://door.fr"}, "mail": {"link_base": "https://app.fr"}}, "https://app.fr"),
        ({"gateway": Gateway(public_url="https://door.fr"), "mail": {"rate": 3}}, "https://door.fr"),
        ({"gateway": {"port": 8080}}, "https://form-a-friend.example"),
        ({}, "https://form-a-friend.example"),
    ],
)
def test_links_lead_to_the_gateway_unless_they_are_told_otherwise(given: dict[str, object], base: str) -> None:
    assert Settings.model_validate(given).mail.link_base == base


@pytest.mark.parametrize(
    ("base", "form", "unfit"),
    [
        ("https://door.fr", "https://form-a-friend.example/f/{token}", True),
        ("https://door.fr/", "https://form-a-friend.example/f/{token}", True),
        ("https://door.fr", "https://app.fr/f/{token}", False),
        ("https://app.fr", "https://form-a-friend.example/f/{token}", False),
    ],
)
def test_no_worker_sends_links_that_end_at_a_name_for_examples(base: str, form: str, unfit: bool) -> None:
    gateway = Gateway(public_url="https://door.fr", form_url=form)
    found = {one.setting for one in unfit_names(MailGroup(link_base=base), gateway)}
    assert ("RELANCE_GATEWAY__FORM_URL" in found) is unfit
