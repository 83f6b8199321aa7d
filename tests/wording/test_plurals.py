"""Counts in whole messages: nothing, one, several and a million, in each language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.channels.digest import CycleMails, Digest, RunEnding
from relance.domain.cycle.coverage import CycleState, Gap
from relance.domain.cycle.report import CycleFigures
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.alerts.rows import row
from relance.wording.reports.cycle import sentences
from relance.wording.reports.digest import digest_message
from relance.wording.reports.languages import REPORT_WORDS
from tests.support.alerts import an_alert

AT = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def of_a_period(rule: Rule, count: int, **labels: str) -> AlertRecord:
    evidence = Evidence(value=Decimal(count), threshold=Decimal(0), baseline=Decimal(500))
    return an_alert(rule=rule, subject="2026-11", labels={"period": "2026-11", **labels}, evidence=evidence)


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 users not written to · 0 contacts", "0 utilisateur sans courriel · 0 contact"),
        (1, "1 user not written to · 1 contact", "1 utilisateur sans courriel · 1 contact"),
        (2, "2 users not written to · 2 contacts", "2 utilisateurs sans courriel · 2 contacts"),
        (
            1_000_000,
            "1,000,000 users not written to · 1,000,000 contacts",
            "1 000 000 d’utilisateurs sans courriel · 1 000 000 de contacts",
        ),
    ],
)
def test_both_counts_of_a_row_have_their_own_plural(count: int, english: str, french: str) -> None:
    alert = of_a_period(Rule.TOO_LATE, count, contacts=str(count))
    assert row(LANGUAGES["en"], alert) == f"cycle 2026-11 · {english}"
    assert plain(row(LANGUAGES["fr"], alert)) == f"cycle 2026-11 · {french}"


@pytest.mark.parametrize(
    ("rule", "english", "french"),
    [
        (Rule.CYCLE_LEFT, "1 user not written to", "1 utilisateur sans envoi"),
        (Rule.CYCLE_WAVES, "1 wave within an hour", "1 vague en une heure"),
        (Rule.PLANS_UNREADABLE, "1 plan, each", "1 plan, chacun"),
        (Rule.NOBODY, "1 contact, no mail", "1 contact, aucun courriel"),
        (Rule.SEND_TIMES, "1 user ·", "1 utilisateur ·"),
        (Rule.CYCLE_STOPPED, "mails of 1 user failed", "1 utilisateur avec un échec"),
    ],
)
def test_every_row_of_a_period_knows_one(rule: Rule, english: str, french: str) -> None:
    assert f"· {english}" in row(LANGUAGES["en"], of_a_period(rule, 1))
    assert f"· {french}" in row(LANGUAGES["fr"], of_a_period(rule, 1))


@pytest.mark.parametrize(
    ("gap", "count", "english", "french"),
    [
        (Gap.ENDED_BY_HAND, 0, "with 0 plans open", ", 0 plan reste ouvert"),
        (Gap.CYCLE_FAILED, 1, "and 1 plan open", ", 1 plan reste ouvert"),
        (Gap.CYCLE_FAILED, 1200, "and 1,200 plans open", ", 1 200 plans restent ouverts"),
        (Gap.WITHOUT_PLAN, 1, "at least 1 user has no plan", "au moins 1 utilisateur n’a pas de plan"),
        (Gap.WITHOUT_PLAN, 2, "at least 2 users have no plan", "au moins 2 utilisateurs n’ont pas de plan"),
    ],
)
def test_the_verb_agrees_with_the_count(gap: Gap, count: int, english: str, french: str) -> None:
    alert = of_a_period(Rule.PERIOD, count, detail=gap, reason=CycleState.TERMINATED)
    assert english in row(LANGUAGES["en"], alert)
    assert french in plain(row(LANGUAGES["fr"], alert))


@pytest.mark.parametrize(
    ("sent", "eligible", "english", "french"),
    [
        (0, 1, "0 of 1 invitations were sent.", "0 invitation sur 1 a été envoyée."),
        (1, 1, "1 of 1 invitations was sent.", "1 invitation sur 1 a été envoyée."),
        (1, 4, "1 of 4 invitations was sent.", "1 invitation sur 4 a été envoyée."),
        (3, 4, "3 of 4 invitations were sent.", "3 invitations sur 4 ont été envoyées."),
        (
            1_000_000,
            1_200_000,
            "1,000,000 of 1,200,000 invitations were sent.",
            "1 000 000 d’invitations sur 1 200 000 ont été envoyées.",
        ),
    ],
)
def test_a_report_says_how_many_were_sent(sent: int, eligible: int, english: str, french: str) -> None:
    now = {"eligible": float(eligible), "sent": float(sent)}
    report = CycleFigures(period="2026-11", now=now, before_period=None, before={}, unaccounted=0, open=0)
    assert sentences(report, REPORT_WORDS["en"])[0] == english
    assert plain(sentences(report, REPORT_WORDS["fr"])[0]) == french


@pytest.mark.parametrize(
    ("rate", "english", "french"),
    [
        (1.0, "1 mail per second", "1 courriel par seconde"),
        (1.5, "1.5 mails per second", "1,5 courriel par seconde"),
        (880.4, "880 mails per second", "880 courriels par seconde"),
    ],
)
def test_a_rate_has_the_plural_of_what_is_shown(rate: float, english: str, french: str) -> None:
    now = {"eligible": 4.0, "sent": 4.0, "sending_s": 9.0, "per_second": rate}
    report = CycleFigures(period="2026-11", now=now, before_period=None, before={}, unaccounted=0, open=0)
    assert sentences(report, REPORT_WORDS["en"])[1].endswith(f" {english}.")
    assert plain(sentences(report, REPORT_WORDS["fr"])[1]).endswith(f" {french}.")


def test_a_digest_counts_mails_and_runs_in_its_language() -> None:
    found = Digest(
        since=AT - timedelta(days=1),
        until=AT,
        open_alerts={},
        runs={RunEnding.SKIPPED: 1},
        troubled={RunEnding.SKIPPED: {"health": 1}},
        cycles=(CycleMails("2026-11", 1, 1, 0, 3),),
        low=(),
    )
    english = digest_message(found, key="k", at=AT, language="en").rows
    assert english[1:] == (
        "1 job run: 1 skipped (health)",
        "Cycle 2026-11: 1 invitation sent, 1 in all; 0 failed, 3 open",
    )
    french = digest_message(found, key="k", at=AT, language="fr").rows
    assert [plain(line) for line in french[1:]] == [
        "1 exécution de tâche : 1 sautée (health)",
        "Cycle 2026-11 : 1 invitation envoyée, 1 en tout ; 0 en échec, 3 en cours",
    ]
