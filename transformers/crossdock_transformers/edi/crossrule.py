"""Rules across segments, in CEL: compiled against the set's shape, asked of the decoded body."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.core.errors import Refusal, Refusals, Rejected
from crossdock.core.spec import Context, Expression, Shape
from crossdock.core.words import nearest
from crossdock_transformers.edi.checks import Body, Path, occurrences
from crossdock_transformers.edi.grammar import Breach, Element, Node, TransactionSet, Use
from crossdock_transformers.edi.guide import CrossRule, Layer, Term
from crossdock_transformers.edi.narrow import spread

_CODE = re.compile(r"(?:(?:AK|IK)([345])|(UC[DSM])) (\d{1,2})")
_KINDS: Final = {"3": "AK304", "4": "AK403", "5": "AK502"}
_OTHERWISE: Final = {"x12": (("AK304", "8"), ("AK502", "5")), "edifact": (("UCS", "18"), ("UCM", "18"))}
"""How a segment and how a whole document is reported, where a rule says no code."""


@dataclass(frozen=True, slots=True)
class Spot:
    """What a rule reports: a segment by its path of names, and perhaps one of its elements (position, component)."""

    names: tuple[str, ...] = ()
    node: Node | None = None
    use: Use | None = None
    position: int = 0
    component: int = 0


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """A compiled rule."""

    rule: CrossRule
    check: Expression
    when: Expression | None
    each: tuple[str, ...]
    spot: Spot
    kind: str
    code: str
    whole: bool = True

    def broken(self, body: Body) -> Iterator[Breach]:
        """Yield where a body breaks the rule: once, or for each occurrence that it is asked of."""
        for path, item in occurrences(body, self.each):
            variables = {"body": body, "item": item} if self.each else {"body": body}
            reason = self._reason(variables)
            if reason is not None:
                yield self._breach(body, item, path, self.rule.message + reason)

    def _reason(self, variables: Mapping[str, Any]) -> str | None:
        """Return None where the rule holds, else what to add to its message; what can't be worked out does not hold."""
        try:
            if self.when is not None and not self.when.evaluate(variables):
                return None
            return None if self.check.evaluate(variables) is True else ""
        except Rejected as error:
            return f" ({error.message})"

    def _breach(self, body: Body, item: Body, path: Path, message: str) -> Breach:
        spot = self.spot
        inner = spot.names[len(self.each) :]
        at, held = next(occurrences(item if self.each else body, inner, path), (path, {}))
        tag = spot.node.segment.tag if spot.node else ""
        value = held.get(spot.use.ref) if spot.use and isinstance(held, Mapping) else None
        number = spot.use.what.number if spot.use and isinstance(spot.use.what, Element) else ""
        shown = (
            value
            if isinstance(value, str)
            else format(value, "f")
            if value is not None and not isinstance(value, Mapping)
            else ""
        )
        return Breach(self.rule.id, at, self.kind, self.code, message, tag, spot.position, spot.component, number, str(shown))


def compile_rules(
    layers: Sequence[Layer], grammar: TransactionSet, context: Context | None, faults: list[Refusal]
) -> dict[str, tuple[RuleCheck, Term]]:
    """Return the rules of a chain of guides by id, the last one of a name; what is wrong goes to `faults`."""
    found: dict[str, tuple[RuleCheck, Term]] = {}
    for layer in layers:
        seen: set[str] = set()
        for index, rule in enumerate(layer.file.rules):
            at = ("rules", index)
            if rule.id in seen:
                faults.append(layer.fault(f"there are two rules '{rule.id}' in this guide", *at, "id"))
            seen.add(rule.id)
            compiled = _Compiler(layer, at, rule, grammar, context, faults).compile()
            if compiled is not None:
                term = Term("rule", rule.id, layer.file.guide, layer.place(*at), note=rule.note)
                found[rule.id] = compiled, term
    return found


class _Compiler:
    """Compiles one rule."""

    def __init__(
        self,
        layer: Layer,
        at: tuple[str | int, ...],
        rule: CrossRule,
        grammar: TransactionSet,
        context: Context | None,
        faults: list[Refusal],
    ) -> None:
        self._layer = layer
        self._at = at
        self._rule = rule
        self._grammar = grammar
        self._context = context
        self._faults = faults

    def compile(self) -> RuleCheck | None:
        """Return the rule, or None with its faults told."""
        from crossdock_transformers.edi.shape import shape_of

        rule, before = self._rule, len(self._faults)
        each = self._each()
        shape = _within(shape_of(self._grammar), self._grammar.dialect.envelope)
        variables: dict[str, Shape | None] = {"body": shape}
        if each:
            variables["item"] = _item(shape, each)
        spot = self._spot(each)
        kind, code = self._code(spot)
        if len(self._faults) > before:
            return None
        check = self._expression("check", rule.check, variables)
        when = self._expression("when", rule.when, variables) if rule.when else None
        if check is None or (rule.when and when is None):
            return None
        return RuleCheck(rule, check, when, each, spot, kind, code)

    def _fault(self, message: str, key: str) -> None:
        self._faults.append(self._layer.fault(message, *self._at, key))

    def _expression(self, key: str, text: str, variables: Mapping[str, Shape | None]) -> Expression | None:
        if self._context is None:
            raise ValueError("a guide with rules is compiled in a context")
        place = self._layer.place(*self._at, key)
        try:
            compiled = self._context.expressions.compile(text, place, variables)
        except (Refusal, Refusals) as error:
            self._faults += error.refusals if isinstance(error, Refusals) else [error]
            return None
        if compiled.shape is not None and compiled.shape.get("type", "boolean") != "boolean":
            self._fault(f"`{key}` must be true or false, this is {compiled.shape['type']}", key)
        return compiled

    def _nodes(self) -> dict[tuple[str, ...], Node]:
        return {path: node for path, node in self._grammar.visit() if not node.forbidden}

    def _each(self) -> tuple[str, ...]:
        if not self._rule.each:
            return ()
        found = self._path(self._rule.each, "each")
        return found[0] if found else ()

    def _path(self, text: str, key: str, under: tuple[str, ...] = ()) -> tuple[tuple[str, ...], Node] | None:
        """Return the one node that a path means, best below `under`."""
        wanted, nodes = tuple(text.split("/")), self._nodes()
        for prefix in (under, ()):
            if (*prefix, *wanted) in nodes:
                return (*prefix, *wanted), nodes[*prefix, *wanted]
        found = [path for path in nodes if path[-len(wanted) :] == wanted]
        if len(found) == 1:
            return found[0], nodes[found[0]]
        known = {"/".join(path) for path in nodes} | {path[-1] for path in nodes}
        several = f"'{text}' occurs in several places; write one of {', '.join('/'.join(path) for path in found[:6])}"
        self._fault(several if found else f"there is no segment '{text}' in a {self._grammar.number}{nearest(text, known)}", key)
        return None

    def _spot(self, each: tuple[str, ...]) -> Spot:
        """Return what `at` means: a path of segments, and perhaps an element whose segment may be left out."""
        text = self._rule.at
        if not text:
            return Spot(each, self._nodes()[each]) if each else Spot()
        outer, _, last = text.rpartition("/")
        tags = {node.segment.tag for node in self._nodes().values()}
        tag = next((tag for tag in sorted(tags, key=len, reverse=True) if last.startswith(tag) and last != tag), "")
        if not tag or last in {path[-1] for path in self._nodes()}:
            found = self._path(text, "at", each)
            return Spot(*found) if found else Spot()
        found = (each, self._nodes()[each]) if each and not outer and each[-1] == tag else self._path(outer or tag, "at", each)
        if found is None:
            return Spot()
        refs = spread(found[1].segment)
        for use, position, component in refs:
            if use.ref == last:
                return Spot(*found, use, position, component)
        self._fault(f"'{last}' is no element of {found[1].segment.tag}{nearest(last, [use.ref for use, _, _ in refs])}", "at")
        return Spot()

    def _code(self, spot: Spot) -> tuple[str, str]:
        if not self._rule.code:
            dialect = self._grammar.dialect
            segment, whole = _OTHERWISE[dialect.key]
            return dialect.codes["invalid_code"] if spot.use else segment if spot.node else whole
        found = _CODE.fullmatch(self._rule.code)
        if found is None:
            forms = "AK4 7 (an element), AK3 8 (a segment), AK5 5; UCD 12, UCS 18, UCM 18"
            self._fault(f"'{self._rule.code}' is no code of an acknowledgment; write it as one of {forms}", "code")
            return "", ""
        kind = found[2] or _KINDS[found[1]]
        element = kind in ("AK403", "UCD")
        if (element and not spot.use) or (kind in ("AK304", "UCS") and not spot.node):
            self._fault(f"{self._rule.code} reports {'an element' if element else 'a segment'}: say which in `at`", "code")
        return kind, found[3]


def _within(shape: Shape, outer: Collection[str]) -> Shape:
    """Return what rules see of a body: the segments, not the envelope."""
    properties = {name: one for name, one in shape["properties"].items() if name not in outer}
    return {**shape, "properties": properties, "required": [name for name in shape.get("required", ()) if name in properties]}


def _item(shape: Shape, names: Sequence[str]) -> Shape:
    found: Any = shape
    for name in names:
        found = found["properties"][name]
        found = found.get("items", found) if found.get("type") == "array" else found
        if "$ref" in found:  # a level of a tree
            found = {**shape["$defs"][found["$ref"].rpartition("/")[2]], "$defs": shape["$defs"]}
    item: Shape = found
    return item
