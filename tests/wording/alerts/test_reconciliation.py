from __future__ import annotations

import pytest

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertEvent
from relance.domain.channels.messages import plain_text
from relance.domain.invitations.reconciliation import ReconcilePolicy, Repair
from relance.services.conditions import drift_detected
from relance.wording.alerts.messages import alert_message
from tests.support.alerts import FIRED_AT

COUNTS: dict[str, int] = {Repair.FOLLOW_UPS_RESTARTED: 1200, Repair.REMINDERS_WOKEN: 1, Repair.PLANS_STUCK: 2}


@pytest.mark.parametrize(
    ("language", "title", "text", "row"),
    [
        (
            "en",
            "🚨 Reconciliation Alert",
            "Follow-ups and ledger did not agree; I have mended what I could.",
            "1,200 follow-ups were missing, started again · 1 mail overdue, its follow-up told again · "
            "2 users not written to: start the cycle again",
        ),
        (
            "fr",
            "🚨 Alerte\u00a0: Réconciliation",
            "Les suivis et le registre n’étaient pas d’accord\u00a0; j’ai réparé ce que j’ai pu.",
            "1\u202f200 suivis manquaient, relancés · 1 courriel en retard, son suivi rappelé · "
            "2 utilisateurs sans envoi\u00a0: démarrez le cycle à nouveau",
        ),
    ],
)
def test_what_was_mended_and_what_cannot_be_is_told(language: str, title: str, text: str, row: str) -> None:
    seen = drift_detected(COUNTS, ReconcilePolicy())
    alert = seen.opened("a", "reconciliation/follow-ups", FIRED_AT)
    assert alert.history[0].event is AlertEvent.OPENED
    found = alert_message(
        NotificationKind.FIRING, [alert], key="alert/reconciliation/1", at=FIRED_AT, language=language
    )
    assert (found.title, found.text, found.rows) == (title, text, (row,))
    assert plain_text(found)
