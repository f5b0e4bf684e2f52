"""What a guide asks of a decoded body beyond its grammar: qualified segments, patterns. Rules in CEL are in `crossrule`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from crossdock_transformers.edi.grammar import Breach, Composite, Element, Node, Use
from crossdock_transformers.edi.values import Delimiters, Unfit, check, shown, write

Path = tuple[str | int, ...]
Body = Mapping[str, Any]
_NO_DELIMITERS: Final = Delimiters("\x1c", "\x1d", "\x1e", "\x1f")
"""Values of a decoded body hold none that matters here: the codec looked at that."""


class Check(Protocol):
    """One check of a whole body."""

    @property
    def whole(self) -> bool:
        """Whether it reckons with the whole body, and says nothing of one that could not be read completely."""

    def broken(self, body: Body) -> Iterator[Breach]:
        """Yield what a body breaks."""


@dataclass(frozen=True, slots=True)
class BodyChecks:
    """All checks of a guide (`grammar.Checks`)."""

    checks: Sequence[Check]
    codes: Mapping[str, tuple[str, str]]

    def broken(self, body: Body, *, whole: bool = True) -> Sequence[Breach]:
        """Return what a body breaks."""
        found = (breach for check in self.checks if whole or not check.whole for breach in check.broken(body))
        return [self._coded(breach) for breach in found]

    def _coded(self, breach: Breach) -> Breach:
        """Return a breach with the acknowledgment's code for what a check calls it by name."""
        if breach.kind:
            return breach
        kind, code = self.codes[breach.code]
        return replace(breach, kind=kind, code=code)


@dataclass(frozen=True, slots=True)
class Everywhere:
    """Checks of what is inside each occurrence of a loop; `names` lead to the loop, `()` is the transaction."""

    names: tuple[str, ...]
    inside: Sequence[SegmentCheck]
    whole: bool = False

    def broken(self, body: Body) -> Iterator[Breach]:
        """Yield what a body breaks."""
        for path, held in occurrences(body, self.names):
            for one in self.inside:
                yield from one.broken(held, path)


@dataclass(frozen=True, slots=True)
class ElementCheck:
    """A check of an element or component. `fits`: its lengths and codes are narrower than the grammar says."""

    use: Use
    position: int
    component: int = 0
    required: bool = False
    forbidden: bool = False
    fits: bool = False
    pattern: str = ""

    def broken(self, held: Body, path: Path, tag: str, case: str = "") -> Iterator[Breach]:
        """Yield what a segment's values break; `case` says in words which segments are meant."""
        value = self.value(held)
        if value is None or value == "":
            if self.required:
                yield self._breach(path, tag, "missing", f"{self._named} is mandatory{case} and is empty")
        elif self.forbidden:
            yield self._breach(
                path, tag, "unused", f"{self._named} is not used{case} with this partner (its guide forbids it)", value
            )
        else:
            for one in value if isinstance(value, list) else (value,):
                yield from self._one(one, path, tag)

    def value(self, held: Body) -> Any:
        """Return its value in a segment, or None."""
        if not self.component:
            return held.get(self.use.ref)
        outer = held.get(self.use.ref[:-2])
        return outer.get(self.use.ref) if isinstance(outer, Mapping) else None

    def _one(self, value: Any, path: Path, tag: str) -> Iterator[Breach]:
        text = self._text(value)
        if text is None:
            return
        try:
            if self.fits and isinstance(self.use.what, Element):
                check(self.use, self.use.what, text, _NO_DELIMITERS)
        except Unfit as error:
            yield self._breach(path, tag, error.name, error.message, text)
            return
        if self.pattern and matcher(self.pattern)(text) is None:
            message = f"{self._named} is {shown(text)}, which does not have the form that is agreed: {self.pattern}"
            yield self._breach(path, tag, "invalid_code", message, text)

    def _text(self, value: Any) -> str | None:
        if isinstance(self.use.what, Composite):
            return None
        try:
            return write(self.use.what, value)
        except ValueError:
            return None  # the codec told this already

    @property
    def _named(self) -> str:
        return f"{self.use.ref} ({self.use.what.title})"

    def _breach(self, path: Path, tag: str, code: str, message: str, value: Any = "") -> Breach:
        text = value if isinstance(value, str) else ""
        number = self.use.what.number if isinstance(self.use.what, Element) else ""
        return Breach(self.use.ref, path, "", code, message, tag, self.position, self.component, number, text)


@dataclass(frozen=True, slots=True)
class SegmentCheck:
    """A check of a segment or loop inside what holds it; with `by`, of its occurrences by the value of an element.

    `most` 0 forbids it. `others` tells whether values without a case are allowed.
    """

    node: Node
    required: bool = False
    most: int | None = None
    elements: Sequence[ElementCheck] = ()
    segments: Sequence[SegmentCheck] = ()
    by: tuple[Use, int, int] | None = None
    cases: Mapping[str, SegmentCheck] = field(default_factory=dict)
    others: bool = True

    def broken(self, holder: Body, path: Path) -> Iterator[Breach]:
        """Yield what the occurrences in a holder break."""
        found = listed(holder, self.node, path)
        yield from self._found(found, path, "")
        if self.by is not None:
            yield from self._cases(found, path, ElementCheck(*self.by))

    def _cases(self, found: Sequence[tuple[Path, Body]], path: Path, by: ElementCheck) -> Iterator[Breach]:
        values = [by.value(held) for _, held in found]
        for code, case in self.cases.items():
            title = (by.use.what.codes or {}).get(code, "") if isinstance(by.use.what, Element) else ""
            words = f" with {by.use.ref} = {code}{f' ({title})' if title else ''}"
            chosen = [one for one, value in zip(found, values, strict=True) if value == code]
            told = not found and self.node.required
            yield from () if told else case._found(chosen, path, words)
        for (at, _), value in zip(found, values, strict=True):
            if not self.others and value is not None and value not in self.cases:
                message = (
                    f"{by.use.ref} ({by.use.what.title}) is {shown(str(value))}, which is not one of {', '.join(self.cases)}"
                )
                yield by._breach(at, self.node.segment.tag, "invalid_code", message, value)

    def _found(self, found: Sequence[tuple[Path, Body]], path: Path, case: str) -> Iterator[Breach]:
        if not found and self.required:
            yield self._breach(path, "missing_segment", f"the mandatory {self._what}{case} is missing")
        if self.most is not None:
            for at, _ in found[self.most : self.most + 1]:
                yield self._too_many(at, self.most, case)
        tag = self.node.segment.tag
        for at, held in found if self.most != 0 else ():
            for element in self.elements:
                yield from element.broken(held, at, tag, case)
            for segment in self.segments:
                yield from segment.broken(held, at)

    def _too_many(self, at: Path, most: int, case: str) -> Breach:
        if most == 0:
            return self._breach(
                at, "unused_segment", f"the {self._what}{case} is not used with this partner here (its guide forbids it)"
            )
        times = "once" if most == 1 else f"{most} times"
        return self._breach(
            at,
            "loop_repeated" if self.node.loop else "segment_repeated",
            f"the {self._what}{case} may occur {times} at most here",
        )

    @property
    def _what(self) -> str:
        segment = self.node.segment
        return f"{'loop' if self.node.loop else 'segment'} {segment.tag} ({segment.title})"

    def _breach(self, path: Path, code: str, message: str) -> Breach:
        return Breach(self.node.name, path, "", code, message, self.node.segment.tag)


def listed(holder: Body, node: Node, path: Path) -> list[tuple[Path, Body]]:
    """Return the occurrences of a node in what holds it, each with its path."""
    return list(_named(holder, node.name, path))


def _named(holder: Body, name: str, path: Path) -> Iterator[tuple[Path, Body]]:
    held = holder.get(name)
    if isinstance(held, Mapping):
        yield (*path, name), held
    elif isinstance(held, list):
        for index, one in enumerate(held):
            yield (*path, name, index), one
            if isinstance(one.get(name), list):  # a tree: its occurrences hold each other
                yield from _named(one, name, (*path, name, index))


def occurrences(body: Body, names: Sequence[str], path: Path = ()) -> Iterator[tuple[Path, Body]]:
    """Yield everything at a path of names in a body, each with its path; `()` is the body."""
    if not names:
        yield path, body
        return
    for at, held in _named(body, names[0], path):
        yield from occurrences(held, names[1:], at)


def matcher(pattern: str) -> Any:
    """Return what tells whether a whole text has a form."""
    from crossdock_transformers.expression import texts

    return texts._kept(f"^(?:{pattern})$")
