"""What holds for every table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.failures import FailureClass, Row, Source, Strategy, http, mongodb, smtp, temporal
from relance.wording.reasons import FAILURES

TABLES = {"smtp": smtp.TABLE, "http": http.TABLE, "mongodb": mongodb.TABLE, "temporal": temporal.TABLE}
ROWS = [pytest.param(row, id=f"{name}: {row.signal}") for name, table in TABLES.items() for row in table]
ABOUT_CONTACTS = {FailureClass.HARD_RECIPIENT, FailureClass.SOFT_RECIPIENT}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_says_what_it_stands_for_and_what_to_do_about_faults_of_ours(row: Row) -> None:
    assert row.signal
    assert row.remedy or row.class_ not in {FailureClass.SENDER_FAULT, FailureClass.CONFIGURATION}


@pytest.mark.parametrize("row", ROWS)
def test_only_a_mailbox_can_be_held_against_a_contact(row: Row) -> None:
    against = row.strategy is Strategy.SUPPRESS_CONTACT or row.strikes is not None
    assert not against or (row.class_ in ABOUT_CONTACTS and set(row.stages) <= {"rcpt", "data"} and row.stages)


@pytest.mark.parametrize("row", ROWS)
def test_what_names_a_pause_is_tried_again(row: Row) -> None:
    assert row.pause is None or row.retryable
    again = {Strategy.RETRY_LATER, Strategy.RETRY_AT, Strategy.SLOW_DOWN, Strategy.RESOLVE}
    assert row.retryable == (row.strategy in again) or row.strategy is Strategy.PAUSE_AND_ALERT


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_two_rows_of_a_table_have_the_same_name(table: tuple[Row, ...]) -> None:
    assert len({row.signal for row in table}) == len(table)


def test_every_class_has_its_words() -> None:
    assert set(FAILURES) == set(FailureClass)


@given(st.one_of(st.integers(), st.text()), st.sampled_from(Source), st.none() | st.floats(0, 1e6))
def test_no_answer_is_too_strange(code: int | str, source: Source, wait: float | None) -> None:
    assert http.classify_http(code, source, wait).class_ in FailureClass


@given(st.none() | st.integers(), st.text())
def test_no_error_of_the_database_is_too_strange(code: int | None, kind: str) -> None:
    assert mongodb.classify_mongodb(code, kind).source is Source.MONGODB


@given(st.text())
def test_no_status_is_too_strange(status: str) -> None:
    assert temporal.classify_temporal(status).source is Source.TEMPORAL
