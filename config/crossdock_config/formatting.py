"""The canonical form of a YAML file: keys in the order of their kind, two spaces, double quotes, and none around plain words.

Quotes stay where they tell a reader, or another YAML library, that something is a text (`"00401"`, `"2026-11-23"`, `"NO"`),
around sentences that share their line with other things, and around whatever holds quotes of its own. Comments stay where they
are, before their key or behind their value; those that stand in a column stay in one. What a file means never changes: its data
is read before and after, and where they differ the file is left as it was.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from crossdock.core.errors import Misconfigured, Problem
from crossdock.core.registry import Registry, installed
from crossdock_config.files import Files, file_kinds
from crossdock_config.models import KINDS
from crossdock_config.standing import Standing
from crossdock_config.yaml_source import LOADER, Document, read

FIRST = ("route", "map")
"""What a file of another kind is about comes first: the route or the map that a test is for."""
WIDEST = 4096
"""Lines are not broken: where a line ends is the writer's choice."""
_KEPT_TOGETHER = re.compile(r"\n{3,}")
_WORDS = re.compile(r"[A-Za-z_./][^'\"\\]*")
_OTHERS: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
"""What YAML 1.1 takes for something else than a text, by its first character: `NO` for false, `2026-11-23` for a date."""


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
    """Return the keys of a kind in the order of its model; what the file is comes first."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    about = ("description",) if issubclass(model, Standing) else ()
    firsts = list(dict.fromkeys(name for name in (kind, *FIRST, *about) if name in names))
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
    """Return the lines with one space before the comments that stand behind something; a column of comments stays where it is."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, Loader=LOADER):
        ends[token.end_mark.line] = max(ends.get(token.end_mark.line, 0), token.end_mark.column)
    lines = text.rstrip("\n").split("\n")
    starts = {at: lines[at].index("#", end) for at, end in ends.items() if end and lines[at][end:].lstrip().startswith("#")}
    for column in _columns(starts):
        width = max(starts[at] if len(column) > 1 else ends[at] + 1 for at in column)
        for at in column:
            lines[at] = lines[at][: ends[at]].ljust(width) + lines[at][starts[at] :]
    return lines


def _columns(starts: Mapping[int, int]) -> list[list[int]]:
    """Return the lines with comments in groups: lines that follow one another with their comments at the same place."""
    found: list[list[int]] = []
    for at in sorted(starts):
        if found and found[-1][-1] == at - 1 and starts[at - 1] == starts[at]:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def _unquoted(data: Any) -> Any:
    """Take quotes away that say nothing, and make the others double where no backslash is needed for it; in place."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    for holder, key, value, inline in list(_scalars(data)):
        if isinstance(value, SingleQuotedScalarString | DoubleQuotedScalarString):
            text = str(value)
            single = isinstance(value, SingleQuotedScalarString) and ('"' in text or "\\" in text or not text.isprintable())
            made = text if _plain(text) and not (inline and " " in text) else value if single else DoubleQuotedScalarString(text)
            (dict if isinstance(holder, dict) else list).__setitem__(holder, key, made)  # its own would quote it again
    return data


def _scalars(data: Any, inline: bool = False) -> Iterator[tuple[Any, Any, Any, bool]]:
    """Yield each scalar with what holds it, its key there, and whether that stands on one line (`{ ... }`, `[...]`)."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    inline = inline or bool(items and data.fa.flow_style())
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _scalars(value, inline)
        else:
            yield data, key, value, inline


def _plain(text: str) -> bool:
    """Whether a text is plain words, which mean the same without quotes wherever they stand, to every YAML library."""
    if not _WORDS.fullmatch(text) or any(pattern.match(text) for _, pattern in _OTHERS.get(text[0], ())):
        return False
    forms = (("k: {}\n", text), ("k: [{}, x]\n", [text, "x"]))
    return all(read("", form.format(text)).data == {"k": expected} for form, expected in forms)
