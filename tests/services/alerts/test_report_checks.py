"""The checks' activities against a real Everflow stub and a real database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from activities.reports import ReportChecks
from relance.contracts.checks import CheckRequest, NoDataInput
from relance.contracts.names import CheckName, ErrorType
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import Cut, ErrorBody, StatusFault
from relance.devstack.everflow.samples import DEFAULT_PAGE_CLICKS, PAUSED_PARTNER
from relance.domain.alerts.model import Rule
from relance.services.report_checks import run_check
from relance.settings.everflow import Everflow
from tests.services.alerts.conftest import NOMINAL, Bureau, perform

REQUEST = CheckRequest(nominal=NOMINAL)


async def test_default_lp_opens_one_alert_about_the_one_page(checks: ReportChecks, bureau: Bureau) -> None:
    seen = await perform(checks.default_lp, REQUEST)
    assert (seen.observation, seen.findings) == ("2026-11-03", 1)
    alert = (await bureau.data.alerts.open())[0]
    assert (alert.key, alert.evidence.value) == ("default-lp/0.1.376", Decimal(DEFAULT_PAGE_CLICKS))
    assert alert.evidence.window is not None
    assert str(alert.evidence.window.first_day) == "2026-11-03"


async def test_paused_partner_adds_the_account_status(checks: ReportChecks, bureau: Bureau) -> None:
    assert (await perform(checks.paused_partner, REQUEST)).findings == 1
    alert = (await bureau.data.alerts.open())[0]
    assert alert.subject == str(PAUSED_PARTNER)
    assert alert.labels["account_status"] == "inactive"
    assert (alert.evidence.baseline, alert.evidence.current) == (Decimal(240), Decimal(0))


async def test_a_drop_does_not_wait_for_the_account_status(
    checks: ReportChecks, bureau: Bureau, network: EverflowControl
) -> None:
    await network.add_fault(StatusFault(path="*/affiliatestable", code=500))
    assert (await perform(checks.paused_partner, REQUEST)).findings == 1
    assert "account_status" not in (await bureau.data.alerts.open())[0].labels


async def test_no_personal_data_and_no_name_crosses_temporal(checks: ReportChecks, bureau: Bureau) -> None:
    seen = await perform(checks.default_lp, REQUEST)
    told = seen.model_dump_json() + "".join(news.model_dump_json() for _, news in bureau.groups.conditions)
    assert "Alpha" not in told
    assert "Summer" not in told


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (Cut(rows=3), ErrorType.REPORT_UNUSABLE, "truncated"),
        (ErrorBody(), ErrorType.REPORT_UNUSABLE, "error_body"),
        (StatusFault(code=503, retry_after="7"), ErrorType.REPORT_UNAVAILABLE, "unavailable"),
        (StatusFault(code=401), ErrorType.REPORT_REFUSED, "refused"),
    ],
)
async def test_a_report_that_fails_says_why_and_touches_no_alert(
    checks: ReportChecks, bureau: Bureau, network: EverflowControl, fault: object, kind: ErrorType, reason: str
) -> None:
    await network.add_fault(fault)  # type: ignore[arg-type]
    with pytest.raises(ApplicationError) as failed:
        await perform(checks.default_lp, REQUEST)
    assert (failed.value.type, failed.value.details) == (kind, (reason,))
    assert failed.value.non_retryable is (kind is ErrorType.REPORT_REFUSED)
    assert failed.value.next_retry_delay == (timedelta(seconds=7) if kind is ErrorType.REPORT_UNAVAILABLE else None)
    assert await bureau.data.alerts.open() == []


async def test_no_data_is_an_alert_of_its_own_and_is_over_with_the_next_good_look(
    checks: ReportChecks, bureau: Bureau
) -> None:
    await perform(checks.no_data, NoDataInput(check=CheckName.DEFAULT_LP, nominal=NOMINAL, reason="totals"))
    alert = (await bureau.data.alerts.open())[0]
    assert (alert.key, alert.labels) == ("no-data/default-lp", {"check": "default-lp", "reason": "totals"})
    await perform(checks.default_lp, REQUEST)
    assert ("no-data", [], ["no-data/default-lp"]) in bureau.groups.summary()


async def test_with_everflow_down_that_is_told_and_the_checks_are_held_back(
    checks: ReportChecks, bureau: Bureau
) -> None:
    for check in CheckName:
        await perform(checks.no_data, NoDataInput(check=check, nominal=NOMINAL, reason="unavailable"))
    rules = sorted(alert.rule for alert in await bureau.data.alerts.open())
    assert rules == [Rule.EVERFLOW_DOWN, Rule.NO_DATA, Rule.NO_DATA]
    held_back = {group: news.inhibited_by for group, news in bureau.groups.conditions}
    assert held_back == {"everflow-down": None, "no-data": "everflow-down"}
    await perform(checks.paused_partner, REQUEST)
    assert ("everflow-down", [], ["everflow-down/everflow"]) in bureau.groups.summary()


async def test_a_look_writes_nothing_by_itself(checks: ReportChecks, bureau: Bureau) -> None:
    seen = await run_check(CheckName.DEFAULT_LP, checks.reports, Everflow().rules, NOMINAL)
    assert len(seen.conditions) == 1
    assert await bureau.data.alerts.open() == []
