"""Every exception of ours has its place in the taxonomy."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from relance import errors
from relance.domain.failures import UNCERTAIN, UNTRUSTED, Failure, FailureClass, Severity, Source, Strategy
from relance.errors import (
    ChannelGone,
    ChannelRefused,
    ChannelUnavailable,
    DependencyUnavailable,
    InvalidInput,
    MailRefused,
    MailUncertain,
    NotFound,
    RelanceError,
    ReportRefused,
    ReportUnavailable,
    ReportUnusable,
    SettingsError,
)
from relance.failures import ROWS, failure_of, origin

OURS = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, RelanceError)]
C = FailureClass


class Number(BaseModel):
    number: int


def test_every_exception_of_ours_has_a_row() -> None:
    assert len(OURS) > 15
    assert [one.__name__ for one in OURS if one not in ROWS] == []


@pytest.mark.parametrize(
    ("error", "class_", "source", "again"),
    [
        (MailRefused(550, "5.1.1 user unknown", "rcpt"), C.HARD_RECIPIENT, Source.SMTP, False),
        (MailRefused(535, "5.7.8 no", "auth"), C.SENDER_FAULT, Source.SMTP, True),
        (MailUncertain("no reply"), C.UNCERTAIN, Source.SMTP, True),
        (DependencyUnavailable("relay", "lost"), C.TRANSPORT, Source.SMTP, True),
        (DependencyUnavailable("relay", "lost", code="connection"), C.TRANSPORT, Source.SMTP, True),
        (DependencyUnavailable("relay", "bad", code="tls"), C.SENDER_FAULT, Source.SMTP, True),
        (DependencyUnavailable("MongoDB", "full", code="14031"), C.STORAGE, Source.MONGODB, True),
        (DependencyUnavailable("MongoDB", "lost", code="NetworkTimeout"), C.TRANSPORT, Source.MONGODB, True),
        (DependencyUnavailable("MongoDB", "standalone"), C.TRANSPORT, Source.MONGODB, True),
        (DependencyUnavailable("Temporal", "no", code="UNAUTHENTICATED"), C.CONFIGURATION, Source.TEMPORAL, True),
        (DependencyUnavailable("something", "away"), C.TRANSPORT, Source.CODE, True),
        (ReportUnavailable("Everflow", "503", code="503"), C.TRANSPORT, Source.EVERFLOW, True),
        (ReportUnavailable("Everflow", "429", code="429"), C.THROTTLED, Source.EVERFLOW, True),
        (ReportUnavailable("Everflow", "?"), C.TRANSPORT, Source.EVERFLOW, True),
        (ReportRefused("wrong key", 401), C.CONFIGURATION, Source.EVERFLOW, False),
        (ReportRefused("no key"), C.CONFIGURATION, Source.EVERFLOW, False),
        (ReportUnusable("shape", "odd"), C.DATA, Source.EVERFLOW, True),
        (ChannelUnavailable("slack", "502", code="502"), C.TRANSPORT, Source.CHANNEL, True),
        (ChannelRefused("slack", "400", code="400"), C.DATA, Source.CHANNEL, False),
        (ChannelRefused("slack", "forbidden", code="bad-address"), C.CONFIGURATION, Source.CHANNEL, False),
        (ChannelGone("slack", "410", code="410"), C.GONE, Source.CHANNEL, False),
        (ChannelGone("mail", "5.1.1"), C.GONE, Source.CHANNEL, False),
        (InvalidInput("period", "no month", "write 2026-11"), C.DATA, Source.INPUT, False),
        (NotFound("nothing"), C.GONE, Source.INPUT, False),
        (SettingsError("RELANCE_X"), C.CONFIGURATION, Source.INPUT, False),
        (RelanceError("?"), C.BUG, Source.CODE, False),
        (KeyError("x"), C.BUG, Source.CODE, True),
    ],
)
def test_an_error_has_class_source_and_whether_it_is_tried_again(
    error: Exception, class_: FailureClass, source: Source, again: bool
) -> None:
    found = failure_of(error)
    assert (found.class_, found.source, found.retryable) == (class_, source, again)
    assert found.severity in Severity
    assert found.strategy in Strategy


def test_a_new_kind_of_error_takes_the_row_of_its_parent() -> None:
    class TooLoud(ChannelGone):
        pass

    assert failure_of(TooLoud("bell", "away")).class_ is C.GONE


def test_the_connection_to_the_relay_has_the_rows_of_smtp() -> None:
    assert failure_of(MailUncertain("no reply")) is UNCERTAIN
    assert failure_of(DependencyUnavailable("relay", "bad", code="tls")) is UNTRUSTED


@pytest.mark.parametrize(
    "error",
    [
        ReportUnavailable("Everflow", "429", code="429", retry_after=30),
        ReportUnavailable("Everflow", "limit", retry_after=30),
        ChannelUnavailable("slack", "429", 30, code="429"),
        ChannelUnavailable("slack", "later", 30),
    ],
)
def test_the_wait_that_the_other_side_asks_for_is_kept(error: Exception) -> None:
    found = failure_of(error)
    assert (found.strategy, found.pause) == (Strategy.RETRY_AT, timedelta(seconds=30))


def test_a_payload_that_fits_no_model_is_tried_again_by_a_version_that_may_know_it() -> None:
    with pytest.raises(ValidationError) as caught:
        Number.model_validate({"number": "x"})
    assert failure_of(caught.value).strategy is Strategy.RETRY_LATER


def test_the_origin_is_the_error_of_ours_that_another_was_made_of() -> None:
    def wrapped(error: Exception) -> Exception:
        try:
            try:
                raise error
            except type(error):
                raise RuntimeError("outside") from None
        except RuntimeError as outer:
            return outer

    ours = NotFound("x")
    assert origin(wrapped(ours)) is ours
    assert isinstance(origin(wrapped(ValueError("x"))), RuntimeError)


def test_no_failure_keeps_a_text_that_may_name_a_person() -> None:
    found: Failure = failure_of(MailRefused(550, "5.1.1 <anna@x.example> unknown", "rcpt"))
    assert "anna" not in repr(found)
