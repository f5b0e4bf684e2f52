"""What changed between two projects, file by file and field by field, in words that a reader of the YAML knows.

~ route acme-orders    steps[2].map: acme-850 -> acme-850-v2
~ map acme-850         fields.lines[0].uom: body.uom -> 'CA'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from crossdock_config.meaning import NOT_RUN, Meaning, Thing

Sign = Literal["+", "~", "-"]
LONGEST = 80
"""Characters of a value that are shown."""
MOST = 200
"""Changes of one file that are listed."""
_SECRET = re.compile(r"password|passphrase|secret|token|private|credential", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\w+:[^}]*\}")


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its path, and its values as one-line JSON; None where it wasn't, or isn't, there."""

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.path}: {self.after} (new)"
        if self.after is None:
            return f"{self.path}: {self.before} (gone)"
        return f"{self.path}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that was added, changed or removed; `routes` are those that it matters for."""

    sign: Sign
    kind: str
    name: str
    path: str
    changes: tuple[Change, ...] = ()
    routes: tuple[str, ...] = ()


def differences(before: Meaning, after: Meaning) -> list[FileChange]:
    """Return what changed, routes first, then by kind and name."""
    things = {thing for thing in {*before.data, *after.data} if thing[0] not in NOT_RUN}
    return [change for thing in sorted(things, key=_place) if (change := _file(thing, before, after)) is not None]


def _place(thing: Thing) -> tuple[bool, Thing]:
    return thing[0] != "route", thing


def _file(thing: Thing, before: Meaning, after: Meaning) -> FileChange | None:
    if thing not in before.data:
        return FileChange("+", *thing, after.paths[thing], routes=after.routes_of(thing))
    if thing not in after.data:
        return FileChange("-", *thing, before.paths[thing], routes=before.routes_of(thing))
    if before.data[thing] == after.data[thing]:
        return None
    changes = tuple(change for change, _ in zip(compared(before.data[thing], after.data[thing]), range(MOST), strict=False))
    return FileChange("~", *thing, after.paths[thing], changes, after.routes_of(thing))


def compared(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Yield how one value became another, as deep as both are of the same kind."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _mappings(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    else:
        yield Change(path, shown(before, path), shown(after, path))


def _mappings(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        inner = f"{path}.{key}" if path else str(key)
        if key not in after:
            yield Change(inner, shown(before[key], inner), None)
        elif key not in before:
            yield Change(inner, None, shown(after[key], inner))
        else:
            yield from compared(before[key], after[key], inner)


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    """Yield what came, went and changed; a step put in between doesn't change those behind it."""
    ones, others = [_text(item) for item in before], [_text(item) for item in after]
    for tag, first, last, start, end in SequenceMatcher(None, ones, others, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        pairs = dict(_pairs(before[first:last], after[start:end]))
        for at in range(first, last):
            if at - first in pairs:
                other = start + pairs[at - first]
                yield from compared(before[at], after[other], f"{path}[{other}]")
            else:
                yield Change(f"{path}[{at}]", shown(before[at], path), None)
        for at in range(start, end):
            if at - start not in pairs.values():
                yield Change(f"{path}[{at}]", None, shown(after[at], path))


def _pairs(before: list[Any], after: list[Any]) -> Iterator[tuple[int, int]]:
    """Yield which items of two stretches are one item that changed: the same word at the beginning, in the same order."""
    words, others = [_word(item) for item in before], [_word(item) for item in after]
    for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks():
        yield from ((block.a + at, block.b + at) for at in range(block.size))


def _word(item: Any) -> str:
    return str(next(iter(item), "")) if isinstance(item, Mapping) else type(item).__name__


def shown(value: Any, path: str = "") -> str:
    """Return a value on one line; what looks like a secret, and is not a reference to one, is not shown."""
    last = path.rpartition(".")[2]
    text = _text(_veiled(value)) if isinstance(value, Mapping | list) else _text(_veiled({last: value})[last])
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _veiled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _veil(inner) if _SECRET.search(str(key)) else _veiled(inner) for key, inner in value.items()}
    return [_veiled(item) for item in value] if isinstance(value, list) else value


def _veil(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _veil(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_veil(item) for item in value]
    return value if not isinstance(value, str) or _REFERENCE.fullmatch(value) else "(not shown)"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
