"""The end of a process.

An interpreter that used the Temporal client can crash in Python's own shutdown after its work is done (sdk-python issue
300; 5 of 30 runs). So every entry point ends here: what is buffered is flushed, then the process leaves at once.

    0 done   1 the job failed   2 wrong usage   3 a dependency is unreachable   130 interrupted   141 nobody reads
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeGuard

from relance.errors import DependencyUnavailable, InvalidInput, NotFound, RelanceError, SettingsError
from relance.runtime.logs import redact
from relance.runtime.printable import printable

if TYPE_CHECKING:
    from temporalio.client import WorkflowFailureError
    from temporalio.service import RPCError

DONE, JOB_FAILED, WRONG_USAGE, UNREACHABLE, INTERRUPTED, NOBODY_READS = 0, 1, 2, 3, 130, 141

LAST_CALLS_LIMIT = 5.0
"""Seconds the last calls may take together; a collector that does not answer must not hold the process up."""

EntryPoint: TypeAlias = Callable[[], Coroutine[Any, Any, int]]
LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

_last_calls: list[Callable[[], object]] = []


def before_leaving(call: Callable[[], object]) -> None:
    """Have `call` run once when the process leaves; the newest call goes first."""
    _last_calls.append(call)


def terminate(code: int) -> NoReturn:
    """Run the last calls, flush streams and logs, and end the process without Python's own shutdown."""
    caller = threading.Thread(target=_run_last_calls, daemon=True)
    caller.start()
    caller.join(LAST_CALLS_LIMIT)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # A closed pipe, or a stream that was closed on purpose.
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run_last_calls() -> None:
    while _last_calls:
        with contextlib.suppress(Exception):
            _last_calls.pop()()


def run(main: EntryPoint, *, debug: bool = False, loop: LoopFactory | None = None) -> NoReturn:
    """Run an entry point to its end and leave with its code, or with the one its exception stands for.

    An exception becomes one sentence on standard error; `debug` adds the traceback. `loop` makes the event loop,
    asyncio's own if there is none.
    """
    terminate(outcome(main, debug=debug, loop=loop))


def outcome(main: EntryPoint, *, debug: bool = False, loop: LoopFactory | None = None) -> int:
    """Run an entry point and return the exit code."""
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(main())
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return NOBODY_READS
    except Exception as error:  # noqa: BLE001 - the edge of the process
        if debug:
            _say(redact("".join(traceback.format_exception(error))).rstrip())
        sentence, code = explain(error)
        _say(f"error: {sentence}")
        return code


def explain(error: BaseException) -> tuple[str, int]:
    """Return the sentence and the exit code that an exception stands for; the sentence holds no address."""
    match error:
        case InvalidInput() | SettingsError() | NotFound():
            return redact(str(error)), WRONG_USAGE
        case DependencyUnavailable():
            return redact(str(error)), UNREACHABLE
        case RelanceError():
            return redact(str(error)), JOB_FAILED
        case _ if is_rpc_error(error) and is_unreachable(error):
            return f"Temporal is unavailable: {redact(error.message)}", UNREACHABLE
        case RuntimeError() if str(error).startswith("Failed client connect"):
            return f"Temporal is unavailable: {redact(_first_line(error))}", UNREACHABLE
        case _:
            return f"unexpected {type(error).__name__}: {redact(_first_line(error))}", JOB_FAILED


def is_rpc_error(error: BaseException) -> TypeGuard[RPCError]:
    """Return whether Temporal's API answered with an error; a process without its client is not made to import it."""
    service = sys.modules.get("temporalio.service")
    return service is not None and isinstance(error, service.RPCError)


def is_workflow_failure(error: BaseException) -> TypeGuard[WorkflowFailureError]:
    """Return whether a workflow that was waited for did not end well."""
    client = sys.modules.get("temporalio.client")
    return client is not None and isinstance(error, client.WorkflowFailureError)


def is_unreachable(error: RPCError) -> bool:
    """Return whether it is the way to Temporal that is broken, not what was asked."""
    from relance.domain.failures import FailureClass, classify_temporal  # noqa: PLC0415 - a start without errors needs no tables

    return classify_temporal(error.status.name).class_ is FailureClass.TRANSPORT


def _first_line(error: BaseException) -> str:
    return (str(error) or "no further details").splitlines()[0]


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{printable(text)}\n")
