from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, AlertState, Evidence, Rule
from relance.domain.channels.messages import OutgoingMessage, plain_text
from relance.domain.failures import Severity
from relance.domain.zones import window_of, zone_info
from relance.wording.alerts.messages import alert_message, details_message
from tests.support.alerts import FIRED_AT, YESTERDAY, an_alert

AMSTERDAM = zone_info("Europe/Amsterdam")
NINE = FIRED_AT.astimezone(AMSTERDAM)
OFFER = "Would you like me to provide more details?"


def page(number: int = 0, clicks: int = 63, **labels: str) -> AlertRecord:
    names = {"landing_page": "Default", "offer": "Summer Sale NL", "partner": "Alpha", "match": "Default"}
    return an_alert(
        key=f"default-lp/{number}.8.376",
        subject=f"{number}.8.376",
        labels={**names, **labels},
        evidence=Evidence(value=Decimal(clicks), threshold=Decimal(50), window=YESTERDAY),
    )


def partner(current: str = "100", drop: str = "91.9", **labels: str) -> AlertRecord:
    return an_alert(
        key="paused-partner/376",
        group="paused-partner",
        rule=Rule.PAUSED_PARTNER,
        subject="376",
        labels={"partner": "Partner Alpha", **labels},
        evidence=Evidence(
            value=Decimal(drop),
            threshold=Decimal(50),
            baseline=Decimal("1234.5"),
            current=Decimal(current),
            currency="EUR",
            window=window_of(date(2026, 3, 8), date(2026, 3, 10), "Europe/Amsterdam"),
            baseline_window=window_of(date(2026, 3, 1), date(2026, 3, 3), "Europe/Amsterdam"),
        ),
    )


def no_data(reason: str = "truncated") -> AlertRecord:
    return an_alert(
        key="no-data/default-lp",
        group="no-data",
        rule=Rule.NO_DATA,
        subject="default-lp",
        labels={"check": "default-lp", "reason": reason},
        evidence=Evidence(window=YESTERDAY),
    )


def imbalance() -> AlertRecord:
    return an_alert(
        key="cycle-imbalance/2026-11",
        group="cycle-imbalance",
        rule=Rule.CYCLE_IMBALANCE,
        subject="2026-11",
        severity=Severity.CRITICAL,
        labels={"period": "2026-11"},
        evidence=Evidence(value=Decimal(3), threshold=Decimal(0), baseline=Decimal(100000), current=Decimal(99997)),
    )


def stopped(**labels: str) -> AlertRecord:
    return an_alert(
        key="cycle-stopped/2026-11",
        group="cycle-stopped",
        rule=Rule.CYCLE_STOPPED,
        subject="2026-11",
        severity=Severity.CRITICAL,
        labels={"period": "2026-11", **labels},
        evidence=Evidence(value=Decimal(7), baseline=Decimal(500)),
    )


def message(*alerts: AlertRecord, telling: NotificationKind = NotificationKind.FIRING, **given: Any) -> OutgoingMessage:
    return alert_message(telling, alerts, **{"key": "k", "at": NINE, "language": "en", **given})


def spaces(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_default_lp_reads_as_the_specification_shows() -> None:
    assert plain_text(message(page(0), page(7, 1051, offer="Winter", partner="Partner Beta"))) == (
        "[09:00 AM] 🤖 Agent:\n\n"
        "🚨 Default LP Alert\n\n"
        'I detected a potential issue during my morning check: 2 landing pages named "Default" took more than 50 '
        "clicks yesterday.\n"
        '• Summer Sale NL · partner Alpha · "Default" · 63 clicks\n'
        '• Winter · Partner Beta · "Default" · 1,051 clicks\n'
        "Would you like me to provide more details?"
    )


def test_default_lp_reads_well_in_french() -> None:
    assert spaces(plain_text(message(page(), language="fr"))) == (
        "[09:00] 🤖 Agent:\n\n"
        "🚨 Alerte : Page par défaut\n\n"
        "J’ai détecté un problème possible lors de mon contrôle du matin : 1 page d’atterrissage nommée « Default » a "
        "reçu plus de 50 clics hier.\n"
        "• Summer Sale NL · partenaire Alpha · « Default » · 63 clics\n"
        "Voulez-vous plus de détails ?"
    )


def test_several_partners_on_one_page_are_one_page() -> None:
    one, other = page(), an_alert(subject="0.8.154")
    assert "1 landing page named" in message(one, other).text
    assert len(message(one, other).rows) == 2


def test_a_day_that_is_not_yesterday_is_named() -> None:
    text = spaces(message(page(), at=NINE + timedelta(days=3)).text)
    assert text.endswith("took more than 50 clicks on 10 March 2026.")


@pytest.mark.parametrize(("hour", "part"), [(0, "morning"), (11, "morning"), (12, "afternoon"), (18, "evening")])
def test_the_check_is_called_by_its_time_of_day(hour: int, part: str) -> None:
    assert f"during my {part} check" in message(page(), at=NINE.replace(hour=hour)).text


def test_paused_partner_tells_both_revenues_the_drop_and_the_account() -> None:
    found = message(partner(account_status="suspended"))
    assert spaces(found.text) == (
        "I detected a potential issue during my morning check: 1 partner earned over 50% less from 8 March 2026 to "
        "10 March 2026 than in the same days a week earlier."
    )
    assert spaces(found.rows[0]) == "Partner Alpha · EUR 1,234.50 → EUR 100.00 · −91.9% · account suspended"
    french = message(partner("-20", "101.62", account_status="active"), language="fr")
    assert spaces(french.rows[0]) == "Partner Alpha · 1 234,50 € → −20,00 € · −101,6 % · compte actif"
    assert "du 8 mars 2026 au 10 mars 2026" in spaces(french.text)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("truncated", "the report was cut off"), ("unavailable", "Everflow did not answer"), ("?", "cannot be relied on")],
)
def test_no_data_says_what_is_missing_and_that_it_is_no_all_clear(reason: str, words: str) -> None:
    found = message(no_data(reason))
    assert found.title == "🚨 No Data Alert"
    assert spaces(found.text).startswith("I could not complete the Default LP check (10 March 2026): ")
    assert words in found.text
    assert found.text.endswith("This is not an all-clear.")
    assert found.rows == ()


def test_several_checks_without_data_are_listed_with_their_reasons() -> None:
    assert message(no_data(), no_data("totals")).rows == (
        "Default LP · the report was cut off",
        "Default LP · rows are missing from the report",
    )


def test_a_cycle_that_does_not_add_up_is_told_with_its_figures() -> None:
    found = message(imbalance())
    assert (found.severity, found.title) == (Severity.CRITICAL, "🚨 Cycle Imbalance Alert")
    assert found.text == "The count of one cycle does not add up: invitations are missing or counted twice."
    assert found.rows == ("cycle 2026-11 · 100,000 eligible · 99,997 accounted for · difference 3",)


def test_a_cycle_stopped_by_its_errors_is_told_with_what_stopped_it() -> None:
    found = message(stopped())
    assert (found.severity, found.title) == (Severity.CRITICAL, "🚨 Cycle Stopped Alert")
    assert found.text == "I paused one cycle because of its errors; it goes on when somebody resumes it."
    assert found.rows == ("cycle 2026-11 · mails of 7 users failed for good among the last 500",)
    [fault] = message(stopped(fault="5.7.26")).rows
    assert fault == "cycle 2026-11 · nothing can be sent with our own configuration (5.7.26)"
    assert spaces(message(stopped(), language="fr").text).startswith("J’ai mis un cycle en pause")


@pytest.mark.parametrize(
    ("telling", "title", "start"),
    [
        (NotificationKind.WORSENED, "🚨 Default LP Alert: worse", "This got worse since I last wrote. 1 landing page"),
        (
            NotificationKind.REPEAT,
            "🚨 Default LP Alert: still open",
            "This has been open since 09:00 AM. 1 landing page",
        ),
        (
            NotificationKind.ESCALATION,
            "🚨 Default LP Alert: nobody has answered",
            "Nobody has acknowledged this yet; it has",
        ),
        (NotificationKind.FLAPPING, "🔁 Default LP: comes and goes", "This keeps coming and going."),
        (NotificationKind.DIGEST, "🗒️ Default LP: daily digest", "1 thing of low priority since my last digest."),
        (NotificationKind.RESOLVED, "✅ Default LP: resolved", "This is over."),
    ],
)
def test_each_kind_of_message_says_why_it_comes(telling: NotificationKind, title: str, start: str) -> None:
    found = message(page(), telling=telling, at=NINE + timedelta(hours=4))
    assert found.title == title
    assert found.text.startswith(start)
    assert found.offer == ("" if telling in {NotificationKind.RESOLVED, NotificationKind.DIGEST} else OFFER)


def test_since_when_names_the_day_unless_it_is_today() -> None:
    text = message(page(), telling=NotificationKind.REPEAT, at=NINE + timedelta(days=1)).text
    assert spaces(text).startswith("This has been open since 11 March 2026, 09:00 AM.")


def test_resolved_tells_how_long_it_lasted() -> None:
    over = page().model_copy(update={"resolved_at": FIRED_AT + timedelta(hours=23, minutes=5)})
    [row] = message(over, telling=NotificationKind.RESOLVED).rows
    assert spaces(row) == 'Summer Sale NL · partner Alpha · "Default" · after 23 h 5 min'


def test_a_digest_marks_what_is_over() -> None:
    over = page(7).model_copy(update={"state": AlertState.RESOLVED})
    rows = message(page(), over, telling=NotificationKind.DIGEST).rows
    assert [row.endswith(" · over") for row in rows] == [False, True]


def test_a_rule_without_words_of_its_own_is_still_told() -> None:
    alert = an_alert(rule="memory-high", subject="worker-1", labels={}, evidence=Evidence(value="480.5", threshold=450))
    found = message(alert)
    assert (found.title, found.text) == ("🚨 Memory high Alert", "1 finding needs a look.")
    assert found.rows == ("worker-1 · 480.5 (limit 450)",)


def test_the_highest_severity_counts() -> None:
    low = page().model_copy(update={"severity": Severity.LOW})
    assert message(low).title.startswith("ℹ️")
    assert message(low, imbalance()).severity is Severity.CRITICAL


@pytest.mark.parametrize("name", ["A\nB", "A\u202eB", "A\x00B", "{0}{key} %s", "x" * 500])
def test_labels_stay_on_one_line_and_are_never_templates(name: str) -> None:
    [row] = message(page(offer=name)).rows
    assert "\n" not in row
    assert "\u202e" not in row
    assert len(row) < 200
    if name.startswith("{"):
        assert name in row


def test_details_tell_why_with_windows_in_local_time_and_utc() -> None:
    found = details_message(
        [partner()], key="k", at=NINE, language="en", next_repeat=datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
    )
    assert found.title == "🔎 Details: Paused Partner"
    assert spaces(found.text).split("\n") == [
        "Rule: paused-partner, severity high",
        "Threshold: more than 50%",
        "Days looked at: 8 March 2026 to 10 March 2026, Europe/Amsterdam (2026-03-07 23:00 – 2026-03-10 23:00 UTC)",
        "Compared with: 1 March 2026 to 3 March 2026, Europe/Amsterdam (2026-02-28 23:00 – 2026-03-03 23:00 UTC)",
        "Open since: 09:00 AM (2026-03-11 08:00 UTC)",
        "Next reminder: 01:00 PM",
        "To take it on: starter.py alerts ack paused-partner/376",
        'To silence it: starter.py alerts silence paused-partner/376 --for 4h --reason "..."',
        "",
        "• Partner Alpha · EUR 1,234.50 → EUR 100.00 · −91.9%",
    ]


def test_details_hold_what_fits_and_say_how_much_does_not() -> None:
    found = details_message([page(number) for number in range(5000)], key="k", at=NINE, language="en")
    assert len(found.text) < 2_500
    lines = found.text.split("\n")
    shown = sum(line.startswith("•") for line in lines)
    assert shown > 20
    assert lines[-1] == f"… and {5000 - shown:,} more: starter.py alerts list"
    assert "alerts ack default-lp" in lines[4]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("telling", list(NotificationKind))
@pytest.mark.parametrize(
    "alert", [page(), partner(), no_data(), imbalance(), stopped(), an_alert(rule=Rule.EVERFLOW_DOWN)]
)
@pytest.mark.parametrize("count", [1, 2, 11])
def test_every_message_exists_in_every_language_without_a_blank_left(
    language: str, telling: NotificationKind, alert: AlertRecord, count: int
) -> None:
    found = message(*[alert] * count, telling=telling, language=language)
    text = plain_text(found) + details_message([alert] * count, key="k", at=NINE, language=language).text
    assert "{" not in text
    assert "  " not in text
    assert "None" not in text


RUNBOOK = "https://wiki.example/incidents.md"


@pytest.mark.parametrize(("language", "words"), [("en", "What to do"), ("fr", "Que faire\u00a0")])
def test_a_message_leads_to_the_section_of_its_rule_if_people_can_read_it_somewhere(language: str, words: str) -> None:
    alert = page()
    message = alert_message(NotificationKind.FIRING, [alert], key="k", at=NINE, language=language, runbook_url=RUNBOOK)
    details = details_message([alert], key="k", at=NINE, language=language, runbook_url=RUNBOOK)
    line = f"{words}: {RUNBOOK}#default-lp"
    assert message.text.splitlines()[-1] == line
    assert line in details.text.splitlines()


@pytest.mark.parametrize("telling", [NotificationKind.RESOLVED, NotificationKind.DIGEST])
def test_where_nothing_is_to_be_done_no_message_says_what(telling: NotificationKind) -> None:
    message = alert_message(telling, [page()], key="k", at=NINE, language="en", runbook_url=RUNBOOK)
    assert RUNBOOK not in message.text
