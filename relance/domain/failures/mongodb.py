"""What an error of MongoDB means: by the server's error code, else by the driver's exception.

Nothing here is given up: a write whose outcome is unknown is made again, and every write is safe to repeat.
"""

from __future__ import annotations

from functools import partial

from relance.domain.failures.model import Failure, FailureClass, Severity, Source, Strategy
from relance.domain.failures.table import Row, Sign, deciding

_C, _V, _S = FailureClass, Severity, Strategy

_later = partial(Row, class_=_C.TRANSPORT, severity=_V.MEDIUM, strategy=_S.RETRY_LATER, retryable=True)
_settings = partial(Row, class_=_C.CONFIGURATION, severity=_V.CRITICAL, strategy=_S.RETRY_LATER, retryable=True)
_conflict = partial(Row, class_=_C.CONFLICT, severity=_V.LOW, strategy=_S.CARRY_ON)
_unfit = partial(Row, class_=_C.DATA, severity=_V.HIGH, strategy=_S.RETRY_LATER, retryable=True)

_NO_PRIMARY = (
    "no primary in time; check RELANCE_MONGO__URI, that the servers run, and that they are a replica set with a primary"
)
_ACCESS = "check the user name, the password and the roles in RELANCE_MONGO__URI"

TABLE: tuple[Row, ...] = (
    _conflict("11000, 11001, 12582: the key exists already; it was done before", code=r"11000|11001|12582"),
    _later("112, 24: two writes met", code=r"112|24", severity=_V.LOW),
    Row(
        "14031: no space left on the database's disk",
        _C.STORAGE,
        _V.CRITICAL,
        _S.RETRY_LATER,
        code="14031",
        retryable=True,
        remedy="the database's disk is full; make room, then everything goes on by itself",
    ),
    _settings("13, 18, 391, 8000: not allowed, or not authenticated", code=r"13|18|391|8000", remedy=_ACCESS),
    _settings(
        "20, 59, 115: the server cannot do what we need",
        code=r"20|59|115",
        remedy="RELANCE_MONGO__URI must lead to a replica set of a supported version",
    ),
    _later(
        "189, 10107, 13435, 13436, 10058, 11602: not the primary (any more)",
        code=r"189|10107|13435|13436|10058|11602",
        severity=_V.LOW,
        remedy="a primary is being elected; look at the replica set if it lasts",
    ),
    _later("91, 11600: the server shuts down", code=r"91|11600", remedy="the server shuts down; start it again"),
    _later(
        "6, 7, 89, 9001: the servers do not reach each other",
        code=r"6|7|89|9001",
        remedy="look at the network between the servers",
    ),
    _later("50, 202, 262: too slow", code=r"50|202|262", remedy="the server was too slow; look at its load"),
    _later(
        "64, 79, 100, 134, 75: a majority did not confirm in time",
        code=r"64|75|79|100|134",
        remedy="a majority did not confirm in time; look whether the secondaries run and keep up",
    ),
    _unfit("121, 10334, 17280: the document is not accepted", code=r"121|10334|17280"),
    _conflict("a key exists already (the driver's word for it)", detail="DuplicateKeyError"),
    _later("no primary was found in time", detail="ServerSelectionTimeoutError", severity=_V.HIGH, remedy=_NO_PRIMARY),
    _later(
        "the connection was lost or timed out",
        detail="AutoReconnect|NetworkTimeout|ConnectionFailure|NotPrimaryError|WaitQueueTimeoutError|ProtocolError",
        remedy="the connection was lost or timed out",
    ),
    _later(
        "a majority did not confirm", detail="W(Timeout|riteConcern)Error", remedy="a majority did not confirm in time"
    ),
    _later(
        "the operation took too long", detail="ExecutionTimeout", remedy="the server was too slow; look at its load"
    ),
    _settings(
        "the connection string cannot be used",
        detail="ConfigurationError|InvalidURI",
        remedy="check RELANCE_MONGO__URI",
    ),
    _unfit("the document cannot be written as it is", detail="InvalidDocument|DocumentTooLarge|InvalidBSON"),
    Row(
        "anything else",
        _C.BUG,
        _V.HIGH,
        _S.RETRY_LATER,
        retryable=True,
        remedy="look the code up in MongoDB's list of error codes, and report it",
    ),
)


def classify_mongodb(code: int | None, kind: str = "") -> Failure:
    """Return what an error of the database means; `code` is the server's, `kind` the driver's exception's name."""
    sign = Sign("" if code is None else str(code), kind)
    row = deciding(TABLE, sign)
    assert row is not None, "the last row fits everything"
    return row.failure(sign.code or sign.detail, Source.MONGODB)
