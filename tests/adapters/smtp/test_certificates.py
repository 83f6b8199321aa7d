"""A relay whose certificate this machine trusts is still not spoken to if it is not valid now, or of another host."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from relance.domain.cycle.error_gate import is_own_fault
from relance.domain.failures.smtp import NO_TRUST
from relance.errors import DependencyUnavailable
from relance.failures import failure_of
from tests.adapters.smtp.certificates import self_signed
from tests.adapters.smtp.conftest import Connect, Start, a_letter

DAY, YEAR = timedelta(days=1), timedelta(days=365)
LASTED = {"since": -YEAR, "until": -timedelta(minutes=5)}
WILL_LAST = {"since": DAY, "until": YEAR}
LASTS = {"since": -DAY, "until": YEAR}


@pytest.mark.parametrize("mode", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("host", "times", "reason"),
    [
        ("localhost", LASTED, "expired"),
        ("localhost", WILL_LAST, "not yet valid"),
        ("relay.example", LASTS, "[Hh]ostname mismatch"),
    ],
    ids=["expired", "not yet valid", "of another host"],
)
async def test_a_certificate_that_is_not_valid_here_and_now_is_not_accepted_and_is_our_own_fault(
    start: Start,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    mode: str,
    host: str,
    times: dict[str, timedelta],
    reason: str,
) -> None:
    certificate = self_signed(tmp_path / "made", host=host, **times)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    relay = await start(**{mode: True}, certificate=certificate)
    with pytest.raises(DependencyUnavailable, match=f"its certificate is not valid: .*{reason}") as refused:
        async with connect(relay, tls=mode, host="localhost").lane():
            pass
    assert refused.value.code == NO_TRUST
    # The error gate pauses the cycle for it: it does not pass by itself.
    assert is_own_fault(failure_of(refused.value))
    assert "mail" not in relay.commands


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_one_that_is_valid_is_accepted(
    start: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str
) -> None:
    certificate = self_signed(tmp_path / "made", host="localhost", **LASTS)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    relay = await start(**{mode: True}, certificate=certificate)
    async with connect(relay, tls=mode, host="localhost").lane() as lane:
        await lane.send(a_letter())
    assert len(relay.mails) == 1
