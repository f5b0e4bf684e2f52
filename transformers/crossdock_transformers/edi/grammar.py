"""What a grammar says: elements, composites, segments with their syntax notes, and a transaction set as nested loops.

Everything here is plain frozen data; `load` reads it from files, `guide` narrows it, `machine` compiles it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from crossdock_transformers.edi.dialect import Dialect, dialect

UNLIMITED: Final = 1 << 60
"""The greatest use of what may occur without limit (`>1`)."""


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: number, kind, lengths, and its complete code list if it has one.

    Kinds of X12 are `AN`, `ID`, `DT`, `TM`, `R`, `N0` to `N9`, those of EDIFACT `AN`, `A`, `N`.
    """

    number: str
    kind: str
    low: int
    high: int
    title: str = ""
    codes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A syntax note. Kinds: P both or none, R at least one, E at most one, C first needs all, L first needs one."""

    kind: str
    positions: tuple[int, ...]

    def broken(self, present: set[int]) -> bool:
        """Tell whether elements at these positions (from 1) break the note."""
        there = [position in present for position in self.positions]
        if self.kind in "CL":
            rest = there[1:]
            return there[0] and not (all(rest) if self.kind == "C" else any(rest))
        if self.kind == "P":
            return any(there) and not all(there)
        return not any(there) if self.kind == "R" else sum(there) > 1


@dataclass(frozen=True, slots=True)
class Composite:
    """An element made of components."""

    number: str
    title: str
    uses: tuple[Use, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """An element at its place in a segment: `ref` is what people call it (`PO102`, a component `MEA0401`)."""

    ref: str
    what: Element | Composite
    required: bool = False
    most: int = 1
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its elements in order and their syntax notes."""

    tag: str
    title: str
    uses: tuple[Use, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A segment at its place in a set, or a loop (then `children` follow its first segment). Compared by identity.

    `name` is its key in the decoded body. `most` is the greatest number of uses, 0 where a guide forbids it. `base` is what the
    base grammar allows, where a guide allows less: a node of at most one use there decodes to an object, any other to an array.
    `tree` is a loop (HL) whose occurrences name their parents.
    """

    name: str
    segment: Segment
    required: bool
    most: int
    loop: bool = False
    children: tuple[Node, ...] = ()
    base: int = 0
    tree: bool = False

    @property
    def single(self) -> bool:
        """Whether it decodes to an object and not to an array."""
        return (self.base or self.most) == 1

    @property
    def forbidden(self) -> bool:
        """Whether a guide forbids it."""
        return self.most == 0

    def visit(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Yield this node and all below it, each with its path of names."""
        path = (*path, self.name)
        yield path, self
        for child in self.children:
            yield from child.visit(path)


@dataclass(frozen=True, slots=True)
class Breach:
    """A decoded body breaks a check of a guide. `path` leads to the segment in the body, `()` is the whole transaction.

    `kind` and `code` are those of a `faults.Fault`; `element` and `component` count from 1, 0 is the segment as a whole.
    `rule` names the check.
    """

    rule: str
    path: tuple[str | int, ...]
    kind: str
    code: str
    message: str
    tag: str = ""
    element: int = 0
    component: int = 0
    number: str = ""
    value: str = ""


class Checks(Protocol):
    """What a guide asks of a decoded body beyond its grammar."""

    def broken(self, body: Mapping[str, Any], *, whole: bool = True) -> Sequence[Breach]:
        """Return what a body breaks; `whole` is False where it could not be read completely."""


@dataclass(frozen=True, slots=True, eq=False)
class TransactionSet:
    """A transaction set of one version (compared by identity, so that what is compiled from it can be remembered).

    `root` is a loop whose segment is the header (ST, UNH) and whose last child is the trailer (SE, UNT). `group` is the
    functional identifier (GS01, UNG 0038). `keys` map a business key to its path in the decoded body (`("BEG", "BEG03")`).
    `tags` are all tags that the set knows, even where a guide forbids them; `dictionary` all tags of the version. `checks` are
    a guide's, for the decoded body.
    """

    number: str
    version: str
    title: str
    group: str
    root: Node
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    dictionary: frozenset[str] = frozenset()
    checks: Checks | None = None
    dialect: Dialect = field(default_factory=lambda: dialect("x12"))

    @property
    def base(self) -> str:
        """The dialect and version as people say it: `X12 004010`."""
        return f"{self.dialect.name} {self.version}"

    @property
    def called(self) -> str:
        """What a sentence calls it: `a 850`, `ORDERS`."""
        return f"a {self.number}" if self.number[:1].isdigit() else self.number

    @property
    def body(self) -> tuple[Node, ...]:
        """The nodes between header and trailer."""
        return tuple(child for child in self.root.children if child.segment.tag != self.dialect.trailer)

    def visit(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Yield every node of the body with its path, header and trailer left out."""
        for child in self.body:
            yield from child.visit()
