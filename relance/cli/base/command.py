"""How every command runs: `--json`, `--debug`, one sentence per error, and the exit codes of SPEC section 9."""

from __future__ import annotations

import asyncio
import inspect
import signal
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, NoReturn, ParamSpec, get_type_hints

import typer

from relance.cli.base import echo
from relance.cli.base.output import Answer, Output
from relance.cli.base.resources import Services
from relance.errors import DependencyUnavailable, InvalidInput
from relance.runtime.logs import redact
from relance.runtime.process_exit import (
    INTERRUPTED,
    JOB_FAILED,
    explain,
    is_rpc_error,
    is_unreachable,
    is_workflow_failure,
)

if TYPE_CHECKING:
    from temporalio.client import Client

    from relance.cli.base.resources import Repositories
    from relance.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

P = ParamSpec("P")


@dataclass
class Run:
    """One run of a command: what it may use and where it writes."""

    services: Services
    out: Output
    keyless: bool = False
    """Whether it only looks: it needs no keys, and refuses none."""

    @cached_property
    def settings(self) -> Settings:
        """The settings, read when first needed, so that `--help` works while one is wrong."""
        return self.services.settings()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Repositories]:
        """Open the database.

        Raises:
            SettingsError: a key is missing, published, or not one of this installation's.
            DependencyUnavailable: there is no primary.
        """
        self._check_keys()
        async with AsyncExitStack() as stack:
            with self.out.pulse.about("MongoDB"):
                database = await stack.enter_async_context(self.services.database(self.settings))
                if not self.keyless:
                    from relance.runtime.key_admission import admit

                    await admit(database.keys, self.settings.privacy)
            yield database

    async def temporal(self) -> Client:
        """Connect to Temporal.

        Raises:
            SettingsError: a key is missing or published.
            DependencyUnavailable: nothing answers.
        """
        self._check_keys()
        with self.out.pulse.about("Temporal"):
            return await self.services.temporal()

    def _check_keys(self) -> None:
        if not self.keyless:
            from relance.settings.unfit import check_keys

            check_keys(self.settings.privacy)


def command(
    app: typer.Typer, name: str, examples: str = "", *, keyless: bool = False
) -> Callable[[Callable[Concatenate[Run, P], Awaitable[Answer]]], Callable[Concatenate[Run, P], Awaitable[Answer]]]:
    """Register an async function `(run, *parameters) -> Answer` as a command of `app`.

    `keyless` is one that signs nothing and looks no opt-out up: it runs without keys, and with foreign ones.
    """

    def register(
        function: Callable[Concatenate[Run, P], Awaitable[Answer]],
    ) -> Callable[Concatenate[Run, P], Awaitable[Answer]]:
        def entry(ctx: typer.Context, **parameters: Any) -> None:
            out = Output(as_json=parameters.pop("json"))
            debug = parameters.pop("debug")
            run = Run(ctx.obj, out, keyless)
            call: Callable[..., Awaitable[Answer]] = function

            async def traced() -> Answer:
                with run.services.span(ctx.command_path):
                    return await call(run, **parameters)

            raise typer.Exit(perform(out, traced, debug=debug))

        entry.__doc__ = inspect.getdoc(function)
        hints = get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        ]
        keyword = inspect.Parameter.KEYWORD_ONLY
        added = [
            inspect.Parameter("json", keyword, default=False, annotation=JsonOption),
            inspect.Parameter("debug", keyword, default=False, annotation=DebugOption),
        ]
        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *own, *added]
        entry.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        entry.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name, epilog=_epilog(examples))(entry)
        return function

    return register


def _epilog(examples: str) -> str | None:
    lines = [line.strip() for line in examples.strip().splitlines()]
    return "Examples:\n\n" + "\n\n".join(lines) if lines else None


def perform(out: Output, call: Callable[[], Awaitable[Answer]], *, debug: bool) -> int:
    """Run a command's coroutine, print its answer or its error, and return the exit code."""

    async def body() -> Answer:
        # So that `kill` stops what a command has started, just as Ctrl-C does.
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        beating = asyncio.create_task(out.pulse.beat(lambda text: out.side.print(text, soft_wrap=True)))
        try:
            return await call()
        finally:
            beating.cancel()

    try:
        answer = asyncio.run(body())
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        # `Abort` is Ctrl-C at a question, or its end of input.
        return report(out, "interrupted", INTERRUPTED, {})
    except Exception as error:  # noqa: BLE001 - the edge of the process: every error becomes a sentence and a code
        if debug:
            out.side.print(redact("".join(traceback.format_exception(error))), soft_wrap=True)
        sentence, code = sentence_of(error)
        return report(out, sentence, code, _details(error))
    return _printed(out, answer)


def _printed(out: Output, answer: Answer) -> int:
    """Print an answer and return its exit code: what was done stays done, also when it cannot be printed.

    Raises:
        BrokenPipeError: nobody reads.
    """
    try:
        out.answer(answer)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - a full disk behind the pipe, a value no JSON can hold
        with suppress(OSError, ValueError):
            out.side.print(f"done, but the answer could not be printed ({type(error).__name__})", style="red")
    return answer.code


def report(out: Output, sentence: str, code: int, details: Mapping[str, str]) -> int:
    """Print one sentence about an error and return its exit code."""
    sentence = echo.cut(sentence)
    out.side.print(f"error: {sentence}", style="red", soft_wrap=True)
    if out.as_json:
        out.json({"error": sentence, "code": code, **{name: echo.cut(text) for name, text in details.items()}})
    return code


def sentence_of(error: BaseException) -> tuple[str, int]:
    """Return the sentence and the exit code of an error."""
    if is_workflow_failure(error):
        return f"the workflow failed ({type(error.cause).__name__}); look at it in Temporal Web", JOB_FAILED
    if is_rpc_error(error) and not is_unreachable(error):
        return f"Temporal did not do what was asked ({error.status.name}): {redact(error.message)}", JOB_FAILED
    return explain(error)


def _details(error: BaseException) -> dict[str, str]:
    match error:
        case InvalidInput():
            return {"field": error.field, "remedy": error.remedy}
        case DependencyUnavailable():
            return {"dependency": error.dependency}
    return {}


def invalid(field: str, reason: str, remedy: str) -> NoReturn:
    """Refuse a value a person typed.

    Raises:
        InvalidInput: always.
    """
    raise InvalidInput(field, reason, remedy)
