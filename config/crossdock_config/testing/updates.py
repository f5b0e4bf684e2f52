"""Expected values written anew, in place: everything else in the file stays as it stands, comments and layout too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from crossdock_config.testing.faults import Trail
from crossdock_config.testing.result import CaseResult
from crossdock_config.yaml_text import block, flow, scalar

WIDTH = 120


def write_updates(root: Path, results: Iterable[CaseResult]) -> list[str]:
    """Write what came as what is expected; return the files that were changed, relative to the project."""
    texts: dict[Path, list[tuple[Trail, Any]]] = {}
    changed: set[Path] = set()
    for result in results:
        for update in result.updates:
            if update.file is not None:
                update.file.parent.mkdir(parents=True, exist_ok=True)
                update.file.write_bytes(str(update.value).encode())
                changed.add(update.file)
            else:
                changes = texts.setdefault(root / result.place.path, [])
                changes.append(((result.place.line, *update.path), update.value))
    for path, changes in texts.items():
        path.write_text(rewritten(path.read_text(encoding="utf-8-sig"), changes), encoding="utf-8")
        changed.add(path)
    return sorted(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in changed)


def rewritten(text: str, changes: Sequence[tuple[Trail, Any]]) -> str:
    """Return a test's text with values replaced; each path begins with the line of its case."""
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    spans = [(*_span(_found(tree, path)), value) for path, value in changes]
    outer = [one for one in spans if not any(_is_within(one, other) for other in spans)]
    for start, end, value in sorted(outer, key=lambda one: one[0].index, reverse=True):
        text = text[: start.index] + _written(text, start, end, value) + text[end:]
    return text


def _is_within(one: tuple[Any, int, Any], other: tuple[Any, int, Any]) -> bool:
    return one is not other and other[0].index <= one[0].index and one[1] <= other[1] and one[:2] != other[:2]


def _found(tree: Any, path: Trail) -> Any:
    line, *rest = path
    node = next(case for case in _value(tree, "cases").value if case.start_mark.line + 1 == line)
    for step in rest:
        node = _value(node, step)
    return node


def _value(node: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return node.value[step]
    return next(value for key, value in node.value if key.value == step)


def _span(node: Any) -> tuple[Any, int]:
    """Return where a value begins, and the index where it ends, the blank lines and comments after it left out."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        inner = last.value[-1]
        last = inner[1] if isinstance(inner, tuple) else inner
    return node.start_mark, last.end_mark.index


def _written(text: str, start: Any, end: int, value: Any) -> str:
    column: int = start.column
    old = text[start.index : end]
    line_start = text.rfind("\n", 0, start.index) + 1
    inside_flow = _in_flow(text[line_start : start.index])
    if not isinstance(value, dict | list):
        return scalar(value, flow=inside_flow)
    one_line = flow(value)
    if inside_flow or (_is_short(old) and column + len(one_line) <= WIDTH):
        return one_line
    if old.startswith(("{", "[")):
        indent = len(text[line_start : start.index]) - len(text[line_start : start.index].lstrip(" -")) + 2
        return "\n" + "\n".join(" " * indent + line for line in block(value, WIDTH - indent)) if value else one_line
    lines = list(block(value, WIDTH - column))
    return ("\n" + " " * column).join(lines)


def _is_short(old: str) -> bool:
    return old.startswith(("{", "[")) and "\n" not in old


def _in_flow(before: str) -> bool:
    """Tell whether a value stands within braces or brackets that were opened on its line."""
    return before.count("{") + before.count("[") > before.count("}") + before.count("]")
