"""The canonical form of a YAML file: keys in the order of their kind, two spaces, quotes only where they are needed.

Comments stay where they are, before their key or behind their value. What a file means never changes: its data is read before
and after, and where they differ the file is left as it was.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from crossdock.core.errors import Misconfigured, Problem
from crossdock.core.registry import Registry, installed
from crossdock_config.files import Files, file_kinds
from crossdock_config.models import KINDS
from crossdock_config.yaml_source import LOADER, Document, read

FIRST = ("route", "map", "description")
WIDEST = 4096
"""Lines are not broken: where a line ends is the writer's choice."""
_KEPT_TOGETHER = re.compile(r"\n{3,}")


class Formatter:
    """Formats a project's files. Raises Misconfigured with every problem of a file that can't be read."""

    def __init__(self, registry: Registry | None = None) -> None:
        known = registry or installed()
        self._files = Files(known)
        self._orders = {kind: _order(kind, model) for kind, model in {**KINDS, **file_kinds(known)}.items()}

    def formatted(self, path: str, text: str) -> str:
        """Return a file's text in its canonical form; `path` is relative to the project, and says what kind it is."""
        document = read(path, text.removeprefix("\ufeff"))
        errors = [problem for problem in document.problems if problem.severity == "error"]
        if errors or document.data is None:
            raise Misconfigured(f"{path} can't be formatted as long as it can't be read", code="unreadable", problems=errors)
        ordered = _ordered(document, text.removeprefix("\ufeff"), self._orders.get(self._files.kind_of(path), ()))
        made = _KEPT_TOGETHER.sub("\n\n", _rewritten(ordered))
        if read(path, made).data != document.data:
            problem = Problem((path, 1, 1), "formatting would change what this file means: a defect, please report it", "defect")
            raise Misconfigured(f"{path} is left as it is", code="defect", problems=(problem,))
        return made


def _order(kind: str, model: Any) -> tuple[str, ...]:
    """Return the keys of a kind in the order of its model; what the file is, and is for, comes first."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    firsts = list(dict.fromkeys(name for name in (kind, *FIRST) if name in names))
    return (*firsts, *(name for name in names if name not in firsts))


def _ordered(document: Document, text: str, order: Sequence[str]) -> str:
    """Return the text with its outermost keys in order, each with the comments above it; unknown keys keep theirs, at the end."""
    if not isinstance(document.data, dict) or not order:
        return text
    lines = text.rstrip("\n").split("\n")
    starts = sorted((document.key_places[(key,)].line - 1, key) for key in document.data)
    if [line for line, _ in starts] != sorted({line for line, _ in starts}) or any(_indented(lines[line]) for line, _ in starts):
        return text  # several keys on a line, as in a file that is one flow mapping
    firsts = [_first(lines, line, starts[at - 1][0] + 1 if at else 0, head=not at) for at, (line, _) in enumerate(starts)]
    blocks = [lines[first:end] for first, end in zip(firsts, [*firsts[1:], len(lines)], strict=True)]
    ranks = {key: rank for rank, key in enumerate(order)}
    turn = sorted(range(len(starts)), key=lambda at: (ranks.get(starts[at][1], len(ranks)), at))
    return "\n".join([*lines[: firsts[0]], *(line for at in turn for line in blocks[at])]) + "\n"


def _indented(line: str) -> bool:
    return line[:1] in (" ", "\t", "{")


def _first(lines: Sequence[str], line: int, least: int, *, head: bool) -> int:
    """Return where a key's block begins: at the comments right above it. What stands at a file's head stays there."""
    while line > least and lines[line - 1].startswith("#") and not head:
        line -= 1
    return line


def _rewritten(text: str) -> str:
    """Return the text as the emitter writes it: indentation, spaces, quotes."""
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    class Unresolved(VersionedResolver):
        """Takes every scalar for a text: what a plain one means is Crossdock's own reader's business."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            found = super().resolve(kind, value, implicit)
            return self.DEFAULT_SCALAR_TAG if isinstance(value, str) else found

    writer = YAML(typ="rt")
    writer.Resolver = Unresolved
    writer.preserve_quotes = True
    writer.width = WIDEST
    writer.brace_single_entry_mapping_in_flow_sequence = True
    writer.indent(mapping=2, sequence=4, offset=2)
    data = writer.load(text)
    out = io.StringIO()
    writer.dump(_unquoted(data), out)
    return "\n".join(line.rstrip(" \t") for line in _commented(_spaced(out.getvalue()))) + "\n"


def _spaced(text: str) -> str:
    """Return the text with a space inside the braces of mappings that stand on one line: `{ port: 8080 }`."""
    found: list[int] = []
    for token in yaml.scan(text, Loader=LOADER):
        if isinstance(token, yaml.FlowMappingStartToken) and text[token.end_mark.index] not in "} \n":
            found.append(token.end_mark.index)
        elif isinstance(token, yaml.FlowMappingEndToken) and text[token.start_mark.index - 1] not in "{ \n":
            found.append(token.start_mark.index)
    pieces = [text[start:end] for start, end in zip([0, *found], [*found, len(text)], strict=True)]
    return " ".join(pieces)


def _commented(text: str) -> list[str]:
    """Return the lines with one space before the comments that stand behind something."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, Loader=LOADER):
        ends[token.end_mark.line] = max(ends.get(token.end_mark.line, 0), token.end_mark.column)
    lines = text.rstrip("\n").split("\n")
    for at, end in ends.items():
        if end and lines[at][end:].lstrip().startswith("#"):
            lines[at] = f"{lines[at][:end]} {lines[at][end:].lstrip()}"
    return lines


def _unquoted(data: Any) -> Any:
    """Take quotes away that change nothing, in place."""
    for holder, key, value in list(_scalars(data)):
        if type(value).__name__ in ("SingleQuotedScalarString", "DoubleQuotedScalarString") and _plain(str(value)):
            (dict if isinstance(holder, dict) else list).__setitem__(holder, key, str(value))  # its own would quote it again
    return data


def _scalars(data: Any) -> Iterator[tuple[Any, Any, Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _scalars(value)
        else:
            yield data, key, value


def _plain(text: str) -> bool:
    """Whether a text means the same without quotes, wherever it stands."""
    forms = (("k: {}\n", text), ("k: [{}, x]\n", [text, "x"]))
    return bool(text) and all(read("", form.format(text)).data == {"k": expected} for form, expected in forms)
