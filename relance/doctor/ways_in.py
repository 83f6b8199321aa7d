"""The doctor's look at the ways in: the links in mails, as seen from outside, and the listener of the mail intake."""

from __future__ import annotations

from relance.doctor.needs import DoctorServices
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.errors import DependencyUnavailable
from relance.gateway.unsubscribe_check import LinkTrouble
from relance.settings import Settings

LINKS, INTAKE = "unsubscribe link", "mail intake"
START_GATEWAY = Sentence("start the gateway (worker.py --role gateway), or see RELANCE_INTAKE__HOST and __PORT")


async def link_findings(settings: Settings, services: DoctorServices) -> list[CheckFinding]:
    """Probe the unsubscribe links from outside."""
    if not settings.privacy.link_keys.texts:
        return [
            CheckFinding(
                LINKS,
                FindingState.WARNING,
                Sentence("not probed: there is no key to sign with"),
                Sentence("see the row of the key"),
            )
        ]
    found = await services.check_links(settings)
    if not found:
        remedy = Sentence("set RELANCE_GATEWAY__PUBLIC_URL and RELANCE_MAIL__LINK_BASE")
        return [CheckFinding(LINKS, FindingState.WARNING, Sentence("not probed: no public address is set"), remedy)]
    return [_link(base, trouble) for base, trouble in found.items()]


def _link(base: str, trouble: LinkTrouble | None) -> CheckFinding:
    if trouble is None:
        return CheckFinding(
            LINKS,
            FindingState.FINE,
            Sentence("{base} shows the page and takes one click (probed, nothing changed)", base=base),
        )
    return CheckFinding(LINKS, FindingState.WRONG, trouble.detail, trouble.remedy)


async def intake_findings(settings: Settings, services: DoctorServices) -> list[CheckFinding]:
    """Look whether the listener of the mail intake greets."""
    intake = settings.intake
    if intake.port is None:
        detail = Sentence("no listener: delivery reports come by `starter.py intake read` and relay webhooks alone")
        return [CheckFinding(INTAKE, FindingState.FINE, detail)]
    try:
        greeting = await services.greet_intake(settings)
    except DependencyUnavailable as error:
        # A process of ours, not a server we depend on.
        return [CheckFinding(INTAKE, FindingState.WRONG, str(error), START_GATEWAY)]
    return [
        CheckFinding(
            INTAKE,
            FindingState.FINE,
            Sentence(
                "{host}:{port} greets: {greeting}", host=intake.host, port=str(intake.port), greeting=greeting[:60]
            ),
        ),
        *(_refused(domain) for domain in intake.refused_domains(settings.mail.bounce_domain)),
    ]


def _refused(domain: str) -> CheckFinding:
    detail = Sentence(
        "our mails name addresses at {domain}, and the listener refuses mail to it: opt-outs and reports are lost",
        domain=domain,
    )
    return CheckFinding(
        INTAKE, FindingState.WRONG, detail, Sentence("add {domain} to RELANCE_INTAKE__DOMAINS", domain=domain)
    )
