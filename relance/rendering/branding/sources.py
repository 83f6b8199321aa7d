"""Own template files: Jinja blocks with slots, and nothing else of Jinja.

Slots are filled long after Jinja has run (`rendering.skeleton`), so a filter or a condition would see a mark, not a
name. A file is therefore read as data: text, comments, slots, `super()` and our macros.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from relance.domain.mail_templates.finding import TemplateFinding, meant
from relance.domain.mail_templates.slots import BLOCKS, MACROS, SHARED_BLOCKS, SLOTS, SUBJECT_SLOTS, mark
from relance.rendering.branding.folder import MAIL_FILES, SHARED_FILES

_READABLE = "correct the tag (a brace meant as text is written &#123; or &#125;); see docs/mails.md"
_ALLOWED = f"{{{{ SLOT }}}}, {{{{ super() }}}} and {' or '.join(f'{{% call {name}() %}}' for name in MACROS)}"


@dataclass(frozen=True, slots=True)
class Fragment:
    """The HTML between two tags of Jinja's block, from its first line on, slots marked."""

    block: str
    line: int
    html: str


def source_findings(environment: SandboxedEnvironment, file: str, source: str) -> list[TemplateFinding]:
    """Return what in a file is not a block, a known slot, `super()` or one of our macros."""
    try:
        return list(_Walk(file).file(environment.parse(source)))
    except TemplateSyntaxError as error:
        problem = f"Jinja cannot read it: {(error.message or 'wrong syntax').rstrip('.')}"
        return [TemplateFinding(file, error.lineno, problem, _READABLE)]
    except RecursionError:
        problem = "tags or brackets are nested too deeply for Jinja"
        return [TemplateFinding(file, None, problem, f"use {_ALLOWED}, none within itself")]


@dataclass(frozen=True, slots=True)
class _Walk:
    file_name: str

    @property
    def _blocks(self) -> Collection[str]:
        # What all mails of a language share is said by their file; a mail may still say it otherwise.
        return tuple(SHARED_BLOCKS) if self.file_name in SHARED_FILES else (*BLOCKS, *SHARED_BLOCKS)

    def file(self, tree: nodes.Template) -> Iterator[TemplateFinding]:
        seen: set[str] = set()
        for block in tree.find_all(nodes.Block):
            if block.name in seen:
                yield self._finding(block, f"the block {block.name} stands here twice", "keep one of them")
            seen.add(block.name)
        for node in tree.body:
            if isinstance(node, nodes.Block):
                yield from self._block(node)
            elif not _is_space(node):
                yield self._finding(_first(node), "something stands outside of all blocks, and is never shown", _put())

    def _block(self, node: nodes.Block) -> Iterator[TemplateFinding]:
        if node.name not in self._blocks:
            if node.name in BLOCKS:
                kinds = ", ".join(file for file in MAIL_FILES if file.endswith(f".{self.file_name}"))
                yield self._finding(node, f"the block {node.name} differs from mail to mail", f"write it in {kinds}")
            else:
                yield self._finding(node, f"there is no block {node.name}", meant(node.name, self._blocks))
            return
        if node.required:
            yield self._finding(
                node, f"the block {node.name} is required, so it would stay empty", "leave required out"
            )
        slots = SUBJECT_SLOTS if node.name == "subject" else tuple(SLOTS)
        yield from self._content(node.body, slots, node.name)

    def _content(self, body: list[nodes.Node], slots: Collection[str], block: str) -> Iterator[TemplateFinding]:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    yield from self._expression(part, slots, block)
            elif isinstance(node, nodes.Block) and block != "subject":
                yield from self._block(node)
            elif isinstance(node, nodes.CallBlock) and _is_macro(node) and block != "subject":
                yield from self._content(node.body, slots, block)
            else:
                yield self._finding(node, f"{_name(node)} is not allowed here", f"use {_ALLOWED}")

    def _expression(self, part: nodes.Expr, slots: Collection[str], block: str) -> Iterator[TemplateFinding]:
        if isinstance(part, nodes.TemplateData):
            return
        if isinstance(part, nodes.Name):
            if part.name not in slots:
                known = part.name in SLOTS
                where = f"the slot {part.name} cannot stand in a subject" if known else f"there is no slot {part.name}"
                yield self._finding(part, where, meant(part.name, slots))
            return
        if _is_super(part):
            if block == "subject":
                yield self._finding(part, "super() cannot stand in a subject", "write the whole subject")
            return
        yield self._finding(part, f"{_name(part)} is not allowed: slots are filled after Jinja", f"use {_ALLOWED}")

    def _finding(self, node: nodes.Node, problem: str, remedy: str) -> TemplateFinding:
        return TemplateFinding(self.file_name, node.lineno, problem, remedy)


def _put() -> str:
    return "put it into a block, such as {% block body %}...{% endblock %}; {% extends %} is not needed"


def _is_space(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _first(node: nodes.Node) -> nodes.Node:
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData) and part.data.strip():
                blank = part.data[: len(part.data) - len(part.data.lstrip())]
                return nodes.TemplateData(part.data, lineno=part.lineno + blank.count("\n"))
            if not isinstance(part, nodes.TemplateData):
                return part
    return node


def _is_macro(node: nodes.CallBlock) -> bool:
    call = node.call
    named = isinstance(call.node, nodes.Name) and call.node.name in MACROS
    return named and not (_has_arguments(call) or node.args)


def _is_super(part: nodes.Expr) -> bool:
    if not isinstance(part, nodes.Call) or _has_arguments(part):
        return False
    return isinstance(part.node, nodes.Name) and part.node.name == "super"


def _has_arguments(call: nodes.Call) -> bool:
    return bool(call.args or call.kwargs or call.dyn_args or call.dyn_kwargs)


_NAMES = {
    nodes.Filter: "a filter",
    nodes.Block: "a block",
    nodes.If: "{% if %}",
    nodes.For: "{% for %}",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.Extends: "{% extends %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "this {% call %}",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an index",
    nodes.Call: "a call",
}


def _name(node: nodes.Node) -> str:
    return _NAMES.get(type(node), "this expression")


def fragments(environment: SandboxedEnvironment, source: str) -> Iterator[Fragment]:
    """Yield the HTML of each block of a file that has no findings, with its line ends where they were.

    A block within a block is a fragment of its own: each may be overridden alone, so each must be balanced.
    """
    open_blocks: list[tuple[str, int, list[str]]] = []
    tokens: list[tuple[int, str, str]] = list(environment.lex(source))
    words: list[str] = []
    for line, kind, value in tokens:
        if kind in {"block_begin", "variable_begin"}:
            words = []
        elif kind in {"name", "string"}:
            words.append(value)
        instead = "\n" * value.count("\n")
        if kind == "data":
            instead = value
        elif kind == "variable_end":
            instead = ("" if words[0] == "super" else mark(words[0])) + instead
        elif kind == "block_end":
            yield from _turn(words, line, open_blocks)
            instead = {"call": "<p>", "endcall": "</p>"}.get(words[0], "") + instead
        if open_blocks:
            open_blocks[-1][2].append(instead)


def _turn(words: list[str], line: int, open_blocks: list[tuple[str, int, list[str]]]) -> Iterator[Fragment]:
    if words[0] == "block":
        open_blocks.append((words[1], line, []))
    elif words[0] == "endblock":
        name, begun, parts = open_blocks.pop()
        html = "".join(parts)
        if open_blocks:
            open_blocks[-1][2].append("\n" * html.count("\n"))
        yield Fragment(name, begun, html)
