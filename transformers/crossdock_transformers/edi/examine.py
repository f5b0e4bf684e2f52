"""Goes slowly through one transaction and says everything that is wrong with it, and where every value stands.

This is the exact definition of a correct transaction; `machine` is its fast form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from crossdock.core.leniency import LENIENCIES
from crossdock.core.words import nearest
from crossdock_transformers.edi.dialect import Dialect
from crossdock_transformers.edi.faults import MOST_FAULTS, Fault
from crossdock_transformers.edi.grammar import Breach, Composite, Element, Node, Note, Segment, TransactionSet, Use
from crossdock_transformers.edi.machine import Machine, Spot, Step, step
from crossdock_transformers.edi.mend import latin, mended
from crossdock_transformers.edi.tree import Tree, nest, places, tree_of
from crossdock_transformers.edi.values import SHOWN, Delimiters, Unfit, check, period_at, reader, shown

Path = tuple[str | int, ...]
READABLE = frozenset().union(*LENIENCIES.values()) - {"missing"}
"""Kinds of faults with which every value can be read all the same."""


def cut(text: str, delimiters: Delimiters) -> list[str]:
    """Cut a transaction into its segments; line ends and blanks between segments are not part of them.

    Released characters come out as marks.
    """
    return _cut(delimiters.marked(text), delimiters)


def _cut(text: str, delimiters: Delimiters) -> list[str]:
    pieces = text.split(delimiters.segment)
    if not pieces[-1].strip():
        pieces.pop()
    if "\n" in text or "\r" in text:
        return [piece.lstrip() for piece in pieces]
    return pieces


@dataclass(slots=True)
class Examined:
    """What came out: the body as far as it could be read, all faults, and the slot of every value by its path."""

    body: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    slots: dict[Path, Slot] = field(default_factory=dict)

    def sinks(self, tolerated: Collection[str] = ()) -> bool:
        """Tell whether any fault is more than what is let pass: kinds of faults, by name."""
        return any(fault.name not in tolerated for fault in self.faults)


def examine(machine: Machine, text: str, line: int = 1, lenient: Collection[str] = ()) -> Examined:
    """Examine a transaction from header to trailer; `line` is the line of the file that it begins on.

    `lenient` are kinds of faults that are let pass: blanks and small letters are then put right before a value is read.
    """
    return _Examination(machine, text, line, lenient).result


@dataclass(frozen=True, slots=True)
class _Here:
    """The segment under examination."""

    tag: str
    position: int
    line: int
    dialect: Dialect

    def breach(self, breach: Breach) -> Fault:
        """Return the fault that a broken check is."""
        return Fault(
            breach.kind,
            breach.code,
            breach.message,
            breach.tag or self.tag,
            self.position,
            self.line,
            breach.element,
            breach.component,
            breach.number,
            breach.value,
            breach.rule,
        )

    def fault(self, name: str, message: str, **rest: Any) -> Fault:
        kind, code = self.dialect.codes[name]
        return Fault(kind, code, message, position=self.position, line=self.line, name=name, **{"tag": self.tag, **rest})


class _Examination:
    """One walk through one transaction."""

    def __init__(self, machine: Machine, text: str, line: int, lenient: Collection[str]) -> None:
        self.result = Examined()
        self._lenient = lenient
        self._sinking = self._passing = 0
        self._grammar: TransactionSet = machine.grammar
        self._delimiters = machine.delimiters
        self._dialect = machine.grammar.dialect
        self._spot: Spot = machine.start
        self._holders: list[tuple[dict[str, Any], Path]] = [(self.result.body, ())]
        self._count = 0
        self._trailer: tuple[_Here, list[str]] | None = None
        self._control = ""
        self._trees: dict[Path, _Levels] = {}
        self._walk(self._delimiters.marked(text), line)

    def _walk(self, text: str, line: int) -> None:
        segments = _cut(text, self._delimiters)
        for position, (segment, at) in enumerate(zip(segments, _lines(text, line, self._delimiters), strict=False), start=1):
            self._count = position
            self._segment(segment.split(self._delimiters.element), position, at)
            if self._sinking >= MOST_FAULTS:
                return
        self._close(segments, line)
        self._nest()
        self._check()

    def _segment(self, elements: list[str], position: int, line: int) -> None:
        tag = elements.pop(0)
        here = _Here(tag if len(tag) <= 3 else tag[:3], position, line, self._dialect)
        if position == 1:
            self._values(self._spot.node.segment, elements, here, {}, ())
            at = self._dialect.control
            self._control = elements[at - 1] if len(elements) >= at else ""
            return
        found = step(self._spot, tag) if self._trailer is None else None
        if found is None:
            self._note(self._stranger(tag, here))
            return
        self._passed(found, here)
        self._enter(found.spot, elements, here)

    def _enter(self, spot: Spot, elements: list[str], here: _Here) -> None:
        node = spot.node
        self._spot = spot
        values: dict[str, Any] = {}
        if node.segment.tag == self._dialect.trailer:
            self._trailer = here, elements
            self._values(node.segment, elements, here, values, (node.name,))
            return
        del self._holders[spot.depth + 1 :]
        holder, above = self._holders[spot.depth]
        path: Path = (*above, node.name) if node.single else (*above, node.name, len(holder.get(node.name, ())))
        self._values(node.segment, elements, here, values, path)
        if node.single:
            holder.setdefault(node.name, values)
            if node.forbidden:
                self._note(_too_many(spot, here))
        else:
            held = holder.setdefault(node.name, [])
            held.append(values)
            if len(held) == node.most + 1:
                self._note(_too_many(spot, here))
            if node.tree:
                self._trees.setdefault(path[:-1], _levels(node, holder)).heres.append(here)
        if node.loop:
            self._holders.append((values, path))

    def _passed(self, found: Step, here: _Here) -> None:
        for spot in found.missing:
            segment = spot.node.segment
            what = "loop" if spot.node.loop else "segment"
            message = f"the mandatory {what} {segment.tag} ({segment.title}) is missing before {here.tag}"
            self._note(here.fault("missing_segment", message, tag=segment.tag))
        if found.over and not found.spot.node.forbidden:
            self._note(_too_many(found.spot, here))

    def _stranger(self, tag: str, here: _Here) -> Fault:
        grammar = self._grammar
        known = tag in grammar.dictionary
        if not tag:
            return here.fault("empty_segment", "there is an empty segment (two segment terminators in a row)")
        if not known:
            hint = nearest(tag, grammar.tags) if tag.isalnum() and len(tag) <= 4 else ""
            return here.fault("unknown_segment", f"{shown(tag)} is no segment of {grammar.base}{hint}")
        if tag not in grammar.tags and tag not in (self._dialect.header, self._dialect.trailer):
            return here.fault("foreign_segment", f"segment {tag} does not belong to {grammar.called}")
        after = self._spot.node.segment.tag
        return here.fault("out_of_sequence", f"segment {tag} is out of sequence: it may not stand here, after {after}")

    def _values(self, segment: Segment, elements: Sequence[str], here: _Here, values: dict[str, Any], path: Path) -> None:
        if len(elements) > len(segment.uses):
            message = f"{segment.tag} has {len(elements)} elements, at most {len(segment.uses)} are defined"
            extra = len(segment.uses) + 1
            self._note(here.fault("too_many", message, element=extra, value=elements[extra - 1]))
        present = {position for position, text in enumerate(elements, start=1) if text}
        for position, use in enumerate(segment.uses, start=1):
            text = elements[position - 1] if position in present else ""
            self._element(use, text, Slot(here, position), values, (*path, use.ref))
        empty = {position for position, use in enumerate(segment.uses, start=1) if use.required and position not in present}
        for note in segment.notes:
            if note.broken(present) and (note.kind == "E" or empty.isdisjoint(note.positions)):
                self._note(_broken(note, segment.uses, present, Slot(here, 0)))

    def _eased(self, use: Use, text: str, slot: Slot) -> str:
        """Return a value with what is let pass put right, and note that it was."""
        if isinstance(use.what, Composite):
            mark = self._delimiters.component
            uses = (*use.what.uses, *[None] * text.count(mark))
            pieces = zip(text.split(mark), uses, strict=False)
            places = (Slot(slot.here, slot.position, at) for at in count(1))
            return mark.join(self._eased(one, piece, next(places)) if one and piece else piece for piece, one in pieces)
        if "surrounding_blanks" in self._lenient and text != text.strip():
            self._note(slot.fault(use, "surrounding_blanks", f"{use.ref} ({use.what.title}) has blanks around it", value=text))
            text = text.strip()
        codes = use.what.codes
        if "lower_case_code" in self._lenient and codes is not None and text not in codes and text.upper() in codes:
            self._note(slot.fault(use, "lower_case_code", f"{use.ref} ({use.what.title}) is in small letters", value=text))
            text = text.upper()
        return text

    def _element(self, use: Use, text: str, slot: Slot, values: dict[str, Any], path: Path) -> None:
        text = self._eased(use, text, slot) if text and self._lenient else text
        if not text:
            if use.required:
                self._note(slot.fault(use, "missing", f"{use.ref} ({use.what.title}) is mandatory and is empty"))
            return
        if use.forbidden:
            message = f"{use.ref} ({use.what.title}) is not used with this partner (its guide forbids it)"
            self._note(slot.fault(use, "unused", message, value=text))
        repeated = use.most > 1 and self._delimiters.repetition
        texts = text.split(self._delimiters.repetition) if repeated else [text]
        if len(texts) > use.most:
            message = f"{use.ref} ({use.what.title}) is repeated {len(texts)} times, at most {use.most} are allowed"
            self._note(slot.fault(use, "repeated", message, value=texts[use.most]))
        kept = [self._one(use, one, slot) for one in texts]
        self.result.slots[path] = slot
        self._keep(use, self._delimiters.repetition.join(kept), values)

    def _keep(self, use: Use, text: str, values: dict[str, Any]) -> None:
        if self._lenient and isinstance(use.what, Composite):
            use = replace(use, what=replace(use.what, uses=tuple(map(_optional, use.what.uses)), notes=()))
        to = reader(use, self._delimiters, marked=True, period=self._dialect.period)
        try:
            values[use.ref] = to(text) if to else text
        except (ValueError, ArithmeticError):  # what can't be read is left out; its fault is told already
            return

    def _one(self, use: Use, text: str, slot: Slot) -> str:
        """Check one value; return it as it is kept: put right where that is let pass."""
        if isinstance(use.what, Composite):
            return self._components(use.what, text, slot)
        try:
            check(use, use.what, text, self._delimiters)
        except Unfit as error:
            return self._unfit(use, use.what, text, slot, error)
        return text

    def _unfit(self, use: Use, element: Element, text: str, slot: Slot, error: Unfit) -> str:
        better, name = mended(element, text, self._lenient)
        try:
            if name:
                check(use, element, better, self._delimiters)
        except Unfit:
            name = ""
        if name:
            self._note(slot.fault(use, name, f"{error.message}; taken as {shown(better)}", value=text))
            return better
        self._note(slot.fault(use, error.name, error.message, value=text))
        return latin(text) if error.name in self._lenient else text

    def _components(self, composite: Composite, text: str, slot: Slot) -> str:
        texts = text.split(self._delimiters.component)
        if len(texts) > len(composite.uses):
            message = f"element {slot.position} has {len(texts)} components, at most {len(composite.uses)} are defined"
            self._note(slot.fault(None, "too_many", message, value=text))
            del texts[len(composite.uses) if "too_many" in self._lenient else len(texts) :]
        present = {position for position, one in enumerate(texts, start=1) if one}
        for position, use in enumerate(composite.uses, start=1):
            inner = Slot(slot.here, slot.position, position)
            if position in present:
                texts[position - 1] = self._one(use, texts[position - 1], inner)
            elif use.required:
                self._note(inner.fault(use, "missing", f"{use.ref} ({use.what.title}) is mandatory and is empty"))
        self._period(composite, texts, slot)
        for note in composite.notes:
            if note.broken(present):
                self._note(_broken(note, composite.uses, present, slot))
        return self._delimiters.component.join(texts)

    def _period(self, composite: Composite, texts: Sequence[str], slot: Slot) -> None:
        """Tell a date that can't be read in the form that stands beside it."""
        period = self._dialect.period
        refs = period_at(composite, period) if period else None
        if period is None or refs is None:
            return
        found = {use.ref: self._delimiters.unmarked(text) for use, text in zip(composite.uses, texts, strict=False) if text}
        if not found.keys() >= set(refs):
            return
        try:
            period.read(found[refs[0]], found[refs[1]])
        except ValueError as error:
            position = [use.ref for use in composite.uses].index(refs[0])
            inner = Slot(slot.here, slot.position, position + 1)
            use = composite.uses[position]
            self._note(inner.fault(use, "invalid_date", f"{use.ref} ({use.what.title}) {error}", value=texts[position]))

    def _close(self, segments: Sequence[str], line: int) -> None:
        of = self._dialect
        last = _Here(of.trailer, self._count, 0, of)
        if self._trailer is None:
            message = f"the {of.unit} has no {of.trailer}: it ends after segment {self._count}"
            self._note(_Here(segments[-1][:3], self._count, line, of).fault("no_trailer", message))
            return
        here, elements = self._trailer
        count, control = (*elements, "", "")[:2]
        if count.isascii() and count.isdecimal() and int(count[:11]) != len(segments):
            ends = f"({of.header} and {of.trailer} included)"
            message = f"{of.trailer}01 says {shown(count)} segments, the {of.unit} has {len(segments)} {ends}"
            self._note(here.fault("segment_count", message, element=1, value=count))
        if control and self._control and control != self._control:
            header = f"{of.header}{of.control:02d}"
            message = f"the control number in {of.trailer}02 is {shown(control)}, in {header} it is {shown(self._control)}"
            alike = "leading_zeros" in self._lenient and control.lstrip("0") == self._control.lstrip("0")
            self._note(last.fault("leading_zeros" if alike else "control_number", message, element=2, value=control))

    def _nest(self) -> None:
        """Hang the levels of trees below their parents; their values move to other paths."""
        moved: dict[Path, Path] = {}
        for path, levels in self._trees.items():
            flat = levels.holder[levels.tree.name]
            top, slips = nest(flat, levels.tree)
            for slip in sorted(slips, key=lambda one: one.index):
                number = levels.numbers[slip.element - 1]
                place = {"element": slip.element, "number": number, "value": slip.value}
                self._note(levels.heres[slip.index].fault(slip.name, slip.message, **place))
            levels.holder[levels.tree.name] = top
            indexes = {id(level): index for index, level in enumerate(flat)}
            for there, level in places(top, levels.tree, path):
                moved[*path, indexes[id(level)]] = there
        if moved:
            self.result.slots = {_moved(path, moved): slot for path, slot in self.result.slots.items()}

    def _check(self) -> None:
        """Ask the guide's checks; those that reckon with the whole body only where every value of it could be read."""
        result, checks = self.result, self._grammar.checks
        if checks is None:
            return
        whole = not result.sinks(READABLE)
        segments: dict[Path, Slot] = {}
        for path, slot in result.slots.items():
            segments.setdefault(path[:-1], slot)
        told = {(fault.position, fault.element) for fault in result.faults if fault.element}
        for breach in checks.broken(result.body, whole=whole):
            found = segments.get(breach.path) if breach.path else None
            here = found.here if found else _Here(breach.tag or self._dialect.trailer, self._count, 0, self._dialect)
            if (here.position, breach.element) not in told:
                self._note(here.breach(breach))

    def _note(self, fault: Fault) -> None:
        """Take note of a fault, where there are not enough of its kind yet: of those that sink, or those that are let pass."""
        passes = fault.name in self._lenient
        self._passing += passes
        self._sinking += not passes
        if (self._passing if passes else self._sinking) <= MOST_FAULTS:
            seen = self._delimiters.unmarked
            self.result.faults.append(replace(fault, message=seen(fault.message), value=seen(fault.value)))


def _optional(use: Use) -> Use:
    return replace(use, required=False, forbidden=False)


@dataclass(frozen=True, slots=True)
class _Levels:
    """The levels of a tree, one after the other as in the document: what holds them, and where each begins."""

    tree: Tree
    holder: dict[str, Any]
    numbers: tuple[str, ...]
    heres: list[_Here] = field(default_factory=list)


def _levels(node: Node, holder: dict[str, Any]) -> _Levels:
    return _Levels(tree_of(node), holder, tuple(use.what.number for use in node.segment.uses))


def _moved(path: Path, moved: Mapping[Path, Path]) -> Path:
    """Return where a value is after nesting; the longest beginning that has moved counts."""
    for end in range(len(path), 0, -1):
        if path[:end] in moved:
            return moved[path[:end]] + path[end:]
    return path


@dataclass(frozen=True, slots=True)
class Slot:
    """An element's place, or a component's; `where` says it in words."""

    here: _Here
    position: int
    component: int = 0

    @property
    def where(self) -> str:
        """The place in the document's own terms."""
        return Fault("", "", "", self.here.tag, self.here.position, self.here.line, self.position, self.component).where

    def fault(self, use: Use | None, name: str, message: str, value: str = "") -> Fault:
        """Return a fault at this place."""
        number = use.what.number if use and isinstance(use.what, Element) else ""
        return self.here.fault(
            name, message, element=self.position, component=self.component, number=number, value=value[: SHOWN * 3]
        )


def _too_many(spot: Spot, here: _Here) -> Fault:
    node = spot.node
    what = "loop" if node.loop else "segment"
    if node.forbidden:
        message = (
            f"the {what} {node.segment.tag} ({node.segment.title}) is not used with this partner here (its guide forbids it)"
        )
        return here.fault("unused_segment", message)
    times = "once" if node.most == 1 else f"{node.most} times"
    return here.fault(f"{what}_repeated", f"the {what} {node.segment.tag} ({node.segment.title}) may occur {times} at most here")


_WORDS = {"P": "must be there together", "R": "one at least must be there", "E": "one at most may be there"}


def _broken(note: Note, uses: Sequence[Use], present: set[int], slot: Slot) -> Fault:
    first = note.positions[0]
    absent = [position for position in note.positions if position not in present] or [note.positions[-1]]
    refs = [uses[position - 1].ref for position in note.positions]
    if note.kind in "CL":
        needed = " and ".join(refs[1:]) if note.kind == "C" else " or ".join(refs[1:])
        message = f"{uses[first - 1].ref} is there, so {needed} must be there too"
    else:
        message = f"of {', '.join(refs)} {_WORDS[note.kind]}" if note.kind != "P" else f"{' and '.join(refs)} {_WORDS['P']}"
    blamed = absent[0]
    place = Slot(slot.here, slot.position, blamed) if slot.position else Slot(slot.here, blamed)
    return place.fault(uses[blamed - 1], "exclusive" if note.kind == "E" else "conditional", message)


def _lines(text: str, line: int, delimiters: Delimiters) -> Iterator[int]:
    """Yield the line that each segment begins on."""
    for piece in text.split(delimiters.segment):
        stripped = piece.lstrip()
        yield line + piece.count("\n", 0, len(piece) - len(stripped))
        line += piece.count("\n") + (delimiters.segment == "\n")
