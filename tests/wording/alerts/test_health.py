from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.channels.messages import plain_text
from relance.domain.cycle.coverage import CycleState, Gap
from relance.domain.health.status import Trouble
from relance.domain.jobs.performance import UNITS
from relance.settings.health import HealthGroup
from relance.wording.alerts.health import ENGLISH_HEALTH, FRENCH_HEALTH
from relance.wording.alerts.messages import alert_message
from tests.support.alerts import FIRED_AT, an_alert

RULES = HealthGroup().rules()


def unwell(rule: Rule, subject: str, value: float | None, limit: float | None, **labels: str) -> AlertRecord:
    evidence: dict[str, Any] = {
        "value": None if value is None else Decimal(str(value)),
        "threshold": None if limit is None else Decimal(str(limit)),
    }
    return an_alert(rule=rule, group=rule, subject=subject, labels=labels, evidence=Evidence(**evidence))


def said(alert: AlertRecord, language: str = "en", telling: NotificationKind = NotificationKind.FIRING) -> str:
    return plain_text(alert_message(telling, [alert], key="k", at=FIRED_AT, language=language))


def test_a_dependency_that_is_away_reads_like_a_colleague_wrote_it() -> None:
    alert = unwell(Rule.MAIL_RELAY, "mail-relay", None, 8000, trouble="timeout")
    assert said(alert) == (
        "[08:00 AM] 🤖 Agent:\n\n🚨 Mail Relay Alert\n\n"
        "The mail relay fails or is too slow: mails wait.\n"
        "• mail-relay · does not answer in time\nWould you like me to provide more details?"
    )
    assert "• mail-relay · ne répond pas à temps" in said(alert, "fr")


@pytest.mark.parametrize(
    ("alert", "row"),
    [
        (
            unwell(Rule.MEMORY, "memory", 530.2, 512, unit="MiB", detail="vm:12"),
            "memory · vm:12 · 530.2\u00a0MiB (limit 512\u00a0MiB)",
        ),
        (unwell(Rule.WORKERS, "workers", 1, 0, detail="relance-mail"), "workers · relance-mail · 1"),
        (unwell(Rule.MISSED_ACTIONS, "schedules", 4, None, detail="cleanup"), "schedules · cleanup · 4"),
    ],
)
def test_a_row_has_the_subject_whose_it_is_the_figure_and_its_limit(alert: AlertRecord, row: str) -> None:
    assert f"• {row}\n" in said(alert)


def test_a_degradation_names_figure_baseline_and_factor() -> None:
    alert = an_alert(
        rule=Rule.PERFORMANCE,
        group=Rule.PERFORMANCE,
        subject="cycle.rate",
        labels={"job": "cycle", "figure": "rate", "unit": "/s"},
        evidence=Evidence(
            value=Decimal("3.3"), threshold=Decimal(2), baseline=Decimal("333.3"), current=Decimal("100.5")
        ),
    )
    assert "• cycle · rate 100.5\u00a0/s · usually 333.3\u00a0/s · worse by a factor of 3.3" in said(alert)
    assert "• cycle · débit 100,5\u00a0/s · d’habitude 333,3\u00a0/s · moins bien d’un facteur 3,3" in said(alert, "fr")
    assert "One figure of a job got clearly worse." in said(alert)


def test_every_rule_of_the_health_check_has_words_in_both_languages() -> None:
    own = {rule.alert for rule in RULES.values()} - {Rule.EVERFLOW_DOWN}
    for words in (ENGLISH_HEALTH, FRENCH_HEALTH):
        assert words.sentences.keys() == own
        assert words.rules.keys() == own | {Rule.PERFORMANCE}
        assert words.troubles.keys() == {str(one) for one in Trouble}
        assert words.measures.keys() == UNITS.keys()


def test_the_end_says_how_long_it_took() -> None:
    alert = unwell(Rule.MONGODB, "mongodb", None, 3000, trouble="unreachable")
    assert "✅ MongoDB: resolved" in said(alert, telling=NotificationKind.RESOLVED)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("gap", list(Gap))
def test_a_period_names_what_it_lacks_and_the_command_that_mends_it(language: str, gap: Gap) -> None:
    alert = unwell(Rule.PERIOD, "2026-12", 7, None, detail=gap, reason=CycleState.TERMINATED)
    text = said(alert, language)
    assert "• 2026-12 · " in text
    by_command = gap not in {Gap.NO_PLANS, Gap.WITHOUT_PLAN}
    assert ("starter.py start cycle --period 2026-12" if by_command else "relance-invitations") in text
    assert "{" not in text


def test_a_period_whose_cycle_was_ended_by_hand_is_told_in_words() -> None:
    alert = unwell(Rule.PERIOD, "2026-12", 7, None, detail=Gap.ENDED_BY_HAND, reason=CycleState.TERMINATED)
    assert "the cycle of 2026-12 was ended by hand (terminated) with 7 plans open" in said(alert)
    assert "arrêté à la main" in said(alert, "fr")


def test_every_way_a_cycle_ends_early_and_every_gap_has_words_in_both_languages() -> None:
    for words in (ENGLISH_HEALTH, FRENCH_HEALTH):
        assert set(words.periods) == set(Gap)
        assert set(words.states) == {state for state in CycleState if state.cut}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("count", [1, 12])
def test_unreadable_documents_are_told_by_collection_count_and_command(language: str, count: int) -> None:
    text = said(unwell(Rule.DOCUMENTS, "contacts", count, None, detail="2026-12-05 10:00:03"), language)
    assert f"• contacts · {count} document{'s' if count > 1 else ''}, " in text
    assert "2026-12-05 10:00:03 UTC" in text
    assert "starter.py quarantine list --collection contacts" in text
    assert "{" not in text
