"""Which source values a map reads: `explain` of one target field, and `coverage` of a document's fields.

A path in a document is written with `[]` for every element of a list: `PO1[].PO102`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.errors import Place, Refusal, Refusals, Rejected
from crossdock.core.spec import Resource
from crossdock.core.words import nearest
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.language import Cel
from crossdock_transformers.expression.parser import parse
from crossdock_transformers.expression.source import Source
from crossdock_transformers.map.forms import Constant, Each, Expression, Form, Group, Listing, Lookup, Reader, Use

# Explain


@dataclass(frozen=True, slots=True)
class Origin:
    """An expression that makes a field, or decides about it. `role` is value, default, when, for_each, where, lookup or let.

    `element` says which elements of the loops around it, counted from 1; `values` are the source values that it read.
    """

    role: str
    text: str
    place: Place
    name: str = ""
    element: tuple[int, ...] = ()
    value: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    known: bool = False


class Explainer:
    """Follows one target path through a map; with variables (`body`, ...) it says the values as well."""

    def __init__(self, files: Any, resource: Resource, variables: Mapping[str, Any] | None) -> None:
        self._files = files
        self._resource = resource
        self._language = Cel(files)
        self._variables = variables

    def explain(self, path: str) -> list[Origin]:
        """Return the origins of a target field; raises Refusal for a field that the map does not make."""
        steps = [step for step in path.replace("[]", ".[]").split(".") if step]
        return list(self._form(Reader(self._resource).whole(), steps, self._variables, ()))

    def _form(self, form: Form, steps: Sequence[str], seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        for role, one in (("when", form.when), ("default", form.default)):
            if isinstance(one, Expression):
                yield self._origin(role, one, seen, at)
        if isinstance(form, Expression):
            yield self._origin("value", form, seen, at)
            yield from self._lets(form, seen, at)
        elif isinstance(form, Constant):
            yield Origin("literal", str(form.data), self._resource.at(*form.path), element=at, value=form.data, known=True)
        elif isinstance(form, Lookup) and form.of is not None:
            yield self._origin("lookup", form.of, seen, at, form.named)
        else:
            yield from self._inside(form, steps, seen, at)

    def _inside(self, form: Form, steps: Sequence[str], seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        if isinstance(form, Group):
            yield from self._group(form, steps, seen, at)
        elif isinstance(form, Each):
            yield from self._each(form, steps, seen, at)
        elif isinstance(form, Use):
            yield from self._use(form, steps, seen, at)
        elif isinstance(form, Listing):
            for item in form.items:
                yield from self._form(item, steps[1:] if steps[:1] == ["[]"] else steps, seen, at)

    def _group(self, form: Group, steps: Sequence[str], seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        inner = self._with(form.let, seen)
        if not steps:
            for one in form.fields.values():
                yield from self._form(one, (), inner, at)
            return
        if steps[0] not in form.fields:
            raise Refusal(f"the map makes no '{steps[0]}'{nearest(steps[0], form.fields)}", place=self._resource.at(*form.path))
        yield from self._form(form.fields[steps[0]], steps[1:], inner, at)

    def _each(self, form: Each, steps: Sequence[str], seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        assert form.over is not None
        assert form.inner is not None
        steps = steps[1:] if steps[:1] == ["[]"] else steps
        over = self._origin("for_each", form.over, seen, at)
        yield over
        if form.where is not None and seen is None:
            yield self._origin("where", form.where, None, at)
        if seen is None:
            yield from self._form(form.inner, steps, None, at)
            return
        for index, item in enumerate(over.value if isinstance(over.value, list) else ()):
            inner = {**seen, form.name: item, "index": index}
            if form.where is None or self._value(form.where, inner) is True:
                yield from self._form(form.inner, steps, self._with(form.let, inner), (*at, index + 1))

    def _use(self, form: Use, steps: Sequence[str], seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        if form.of is not None:
            yield self._origin("of", form.of, seen, at)
        if steps and form.own is not None and steps[0] in form.own.fields:
            yield from self._group(form.own, steps, seen, at)
            return
        body = self._value(form.of, seen) if form.of is not None and seen is not None else None
        inner = {**seen, "body": body} if seen is not None and form.of is not None else seen
        other = Explainer(self._files, self._files.resource("map", form.name), inner)
        yield from other._form(Reader(other._resource).whole(), steps, inner, at)

    # Values

    def _with(self, lets: Mapping[str, Form], seen: Any) -> Any:
        """The variables with named values; the map itself, made of one field, says them."""
        if seen is None or not lets:
            return seen
        inner = dict(seen)
        for name, form in lets.items():
            inner[name] = self._value(form, inner) if isinstance(form, Expression) else None
        return inner

    def _lets(self, form: Expression, seen: Any, at: tuple[int, ...]) -> Iterator[Origin]:
        whole = Reader(self._resource).whole()
        lets = whole.let if isinstance(whole, Group) else {}
        for name in dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in self.paths(form)):
            one = lets.get(name)
            if isinstance(one, Expression):
                yield self._origin("let", one, seen, at, name)

    def _origin(self, role: str, form: Expression, seen: Any, at: tuple[int, ...], name: str = "") -> Origin:
        place = self._resource.at(*form.path)
        if seen is None:
            return Origin(role, form.text, place, name, at)
        values = {path: self._value(Expression(form.path, text=path), seen) for path in self.paths(form)}
        return Origin(role, form.text, place, name, at, self._value(form, seen), values, known=True)

    def _value(self, form: Expression, seen: Mapping[str, Any]) -> Any:
        """An expression's value, None where it can't be worked out."""
        try:
            found = self._language.compile(form.text, self._resource.at(*form.path), dict.fromkeys(seen))
            return found.evaluate(seen)
        except (Refusal, Refusals, Rejected):
            return None

    def paths(self, form: Expression) -> list[str]:
        """The paths that an expression reads, as they stand in it."""
        source = Source(form.text, self._resource.at(*form.path))
        return list(dict.fromkeys(form.text[node.start : node.end] for node in reads(parse(source), frozenset())))


def reads(node: syntax.Node, own: frozenset[str]) -> Iterator[syntax.Node]:
    """Yield the paths (names with what follows them) in a tree, but for the names that its loops bring."""
    if _is_path(node):
        if _root(node) not in own:
            yield node
        return
    bound = own | _bound(node)
    for child in _children(node):
        yield from reads(child, bound)


def _is_path(node: syntax.Node) -> bool:
    while isinstance(node, syntax.Select | syntax.Index):
        if isinstance(node, syntax.Index) and not isinstance(node.key, syntax.Literal):
            return False
        node = node.operand
    return isinstance(node, syntax.Name)


def _root(node: syntax.Node) -> str:
    while isinstance(node, syntax.Select | syntax.Index):
        node = node.operand
    return node.name if isinstance(node, syntax.Name) else ""


def _bound(node: syntax.Node) -> frozenset[str]:
    """The names that a loop brings: its first arguments."""
    if not isinstance(node, syntax.Call) or len(node.args) < 2:
        return frozenset()
    return frozenset(arg.name for arg in node.args[:-1] if isinstance(arg, syntax.Name) and node.receiver is not None)


def _children(node: syntax.Node) -> Iterator[syntax.Node]:
    for name in ("operand", "key", "receiver", "left", "right", "condition", "then", "otherwise"):
        child = getattr(node, name, None)
        if isinstance(child, syntax.Node):
            yield child
    for name in ("args", "items", "operands"):
        yield from getattr(node, name, ())
    for key, value in getattr(node, "entries", ()):
        yield key
        yield value


# Coverage


class Watched(dict[str, Any]):
    """An object of a document that notes which of its fields are read."""

    __slots__ = ("path", "read")

    def __init__(self, data: Mapping[str, Any], path: str, read: set[str]) -> None:
        self.path = path
        self.read = read
        super().__init__({name: watched(value, f"{path}.{name}" if path else name, read) for name, value in data.items()})

    def _note(self, name: Any) -> None:
        self.read.add(f"{self.path}.{name}" if self.path else str(name))

    def __getitem__(self, name: str) -> Any:
        """Return a field, and note it."""
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        """Tell whether a field is there, and note it."""
        self._note(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field or the default, and note it."""
        self._note(name)
        return super().get(name, default)

    def items(self) -> Any:
        """Return all fields, and note them."""
        for name in self:
            self._note(name)
        return super().items()


def watched(data: Any, path: str, read: set[str]) -> Any:
    """Return data whose objects note in `read` what is read of them."""
    if isinstance(data, Mapping):
        return Watched(data, path, read)
    if isinstance(data, list):
        return [watched(item, f"{path}[]", read) for item in data]
    return data


def leaves(data: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the values of a document."""
    if isinstance(data, Mapping):
        fields = dict.items(data) if isinstance(data, dict) else data.items()
        for name, value in fields:
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(data, list) and any(isinstance(item, list | Mapping) for item in data):
        for item in data:
            yield from leaves(item, f"{path}[]")
    elif path:
        yield path


def copied(result: Any) -> Iterator[str]:
    """Yield the paths of what went into the result as a whole."""
    if isinstance(result, Watched):
        yield from leaves(result, result.path)
    elif isinstance(result, Mapping):
        for value in result.values():
            yield from copied(value)
    elif isinstance(result, list):
        for value in result:
            yield from copied(value)
