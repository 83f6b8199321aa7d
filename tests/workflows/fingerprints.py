"""What each function of the workflows asks of the server, in order, compared with a baseline: `fingerprints.json`.

Replay proves what the recorded runs did. This also sees the branches no recorded run took: an activity, a timer or a
child that is added, moved or removed. `python -m tests.workflows.fingerprints --write` takes a change into the baseline
if it comes with a new patch, or if `--because` says why no open run can notice; the reason is kept beside the baseline.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
BASELINE = Path(__file__).with_name("fingerprints.json")
COMMANDS = {
    "execute_activity_method": "activity",
    "start_activity_method": "activity",
    "execute_local_activity_method": "local activity",
    "execute_activity": "activity",
    "start_activity": "activity",
    "execute_child_workflow": "child",
    "start_child_workflow": "child",
    "sleep": "timer",
    "continue_as_new": "continue as new",
    "upsert_search_attributes": "search attributes",
    "upsert_memo": "memo",
    "get_external_workflow_handle": "external workflow",
    "patched": "patch",
    "deprecate_patch": "patch over",
}
NESTING = {ast.If: "if", ast.For: "for", ast.While: "while", ast.Try: "try", ast.With: "with", ast.Match: "match"}
ALSO_ORDERS = {"gather", "create_task", "shield"}
"""Of asyncio: they decide in which order coroutines run up to their first command."""

Prints = dict[str, list[str]]


def fingerprints(root: Path = ROOT) -> Prints:
    """Return the commands of each function that has any, itself or through one it calls; by file and name."""
    functions = {
        f"{path.relative_to(root)}:{name}": body
        for path in sorted((root / "workflows").rglob("*.py"))
        for name, body in _functions(ast.parse(path.read_text(encoding="utf-8")))
    }
    found = {key: list(_commands(body, (), frozenset())) for key, body in functions.items()}
    while True:
        asking = frozenset(key.rpartition(":")[2].rpartition(".")[2] for key, commands in found.items() if commands)
        further = {key: list(_commands(body, (), asking)) for key, body in functions.items()}
        if further == found:
            return {key: commands for key, commands in found.items() if commands}
        found = further


def patches(prints: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the names of all patches."""
    return {line.partition("patch ")[2] for commands in prints.values() for line in commands if "patch " in line}


def changes(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the functions whose commands are others."""
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def refusal(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> str | None:
    """Return why these changes may not be taken into the baseline; None if they may.

    New files have no open runs. Anything else needs a patch whose name is not known yet.
    """
    files = {key.partition(":")[0] for key in before}
    changed = [key for key in changes(before, now) if key.partition(":")[0] in files]
    if not changed or patches(now) - patches(before):
        return None
    return (
        f"{', '.join(changed)}: open runs would meet other commands than they recorded; patch it (docs/versioning.md)"
    )


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node.body
            # A function within is part of the one around it, where it is called.


def _commands(nodes: Sequence[ast.AST], nesting: tuple[str, ...], asking: frozenset[str]) -> Iterator[str]:
    for node in nodes:
        inner = nesting
        if (word := NESTING.get(type(node))) is not None:
            inner = (*nesting, word)
        # A call's arguments are evaluated before it.
        yield from _commands(list(ast.iter_child_nodes(node)), inner, asking)
        if isinstance(node, ast.Call) and (line := _command(node, asking)) is not None:
            yield " > ".join((*nesting, line))


def _command(call: ast.Call, asking: frozenset[str]) -> str | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    first = ast.unparse(call.args[0]) if call.args else ""
    if name == "FromNowOn":
        return f"patch {first}"
    if owner in {"workflow", "asyncio"} and name == "wait_condition":
        timed = any(keyword.arg == "timeout" for keyword in call.keywords)
        return "wait with a timer" if timed else None
    if owner in {"workflow", "asyncio"} and name in COMMANDS:
        about = "" if name == "sleep" else f" {first}"
        return f"{COMMANDS[name]}{about if name != 'continue_as_new' else ''}"
    if owner == "asyncio" and name in ALSO_ORDERS:
        return name
    return f"calls {name}" if name in asking else None


def main(arguments: Sequence[str]) -> int:
    """Show what has changed, or take it into the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--because", default="", help="why no open run can notice a change without a patch")
    asked = parser.parse_args(arguments)
    stored = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {"reasons": {}, "commands": {}}
    before, now = stored["commands"], fingerprints()
    changed, refused = changes(before, now), refusal(before, now)
    if refused and asked.because:
        stored["reasons"][", ".join(changed)] = asked.because
        refused = None
    if asked.write and not refused:
        stored["commands"] = now
        BASELINE.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{refused or ', '.join(changed) or 'nothing has changed'}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
