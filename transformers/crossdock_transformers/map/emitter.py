"""Makes a map's forms one Python function."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.program import variable_shapes
from crossdock.core.spec import Resource
from crossdock.core.words import nearest
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import Loop, Tree, Unit, call, load, marked
from crossdock_transformers.expression.compiler import Compiler, Scope, Typed, Variable
from crossdock_transformers.expression.macros import as_path
from crossdock_transformers.expression.parser import parse
from crossdock_transformers.expression.references import index_of
from crossdock_transformers.expression.source import Source
from crossdock_transformers.expression.types import DYN, INT, Type, fields_of, list_of, one_of, optional_of, record_of, union
from crossdock_transformers.map.fitting import Goal, misfits
from crossdock_transformers.map.forms import Constant, Each, Expression, Form, Group, Listing, Lookup, Path, Reader, Use

_GUARDS = {"decimal": "number", "int": "whole", "uint": "whole"}

MOST_LOOPS: Final = 16
"""Loops in each other; Python itself ends at 20."""
VARIABLES: Final = tuple(variable_shapes(None))
"""What a map sees of the message, one that another uses as well."""


@dataclass(frozen=True, slots=True)
class Row:
    """A field of an object, its value, and the emitter of the file that it comes from."""

    name: str
    form: Form
    emitter: Emitter
    value: Typed


@dataclass(slots=True)
class Emitter:
    """Collects statements in `block`; each form gives the code of its value, which is `optional` where it may be left out."""

    resource: Resource
    unit: Unit
    block: list[ast.stmt] = field(default_factory=list)
    inside: tuple[str, ...] = ()

    def emit(self, form: Form, scope: Scope, goal: Goal) -> Typed:
        """Return the code of a form's value."""
        if form.when is None and form.default is None:
            return self._content(form, scope, goal)
        return self._conditional(form, scope, goal)

    def _content(self, form: Form, scope: Scope, goal: Goal) -> Typed:
        if isinstance(form, Expression):
            return self._expression(form, scope, goal)
        if isinstance(form, Constant):
            return self._constant(form, goal)
        if isinstance(form, Lookup):
            return self._lookup(form, scope, goal)
        if isinstance(form, Listing):
            return self._listing(form, scope, goal)
        if isinstance(form, Each):
            return self._each(form, scope, goal)
        if isinstance(form, Use):
            return self._use(form, scope, goal)
        return self._group(form, scope, goal) if isinstance(form, Group) else Typed(ast.Constant(None), DYN)

    # Places and problems

    def _source(self, form: Form) -> Source:
        text = form.text if isinstance(form, Expression) else ""
        return Source(text, self.resource.at(*form.path))

    def _mark(self, tree: Tree, form: Form, goal: Goal | None = None) -> Tree:
        """Give code that stands for no expression a site of its own."""
        return marked(tree, self.unit.site(self._source(form), name=goal.path if goal else ""))

    def _problem(self, message: str, path: Path) -> None:
        place = self.resource.key_places.get(path) or self.resource.at(*path)
        self.unit.problems.append(Refusal(message, place=place))

    def _assign(self, word: str, code: ast.expr, form: Form) -> str:
        name = self.unit.fresh(word)
        self.block.append(self._mark(ast.Assign([ast.Name(name, ast.Store())], code), form))
        return name

    @contextmanager
    def _inside(self) -> Iterator[list[ast.stmt]]:
        """Collect statements apart."""
        outer, self.block = self.block, []
        try:
            yield self.block
        finally:
            self.block = outer

    # Expressions and constants

    def _parsed(self, form: Expression, scope: Scope) -> tuple[Compiler, syntax.Node] | None:
        source = self._source(form)
        try:
            return Compiler(self.unit, source, scope), parse(source)
        except Refusal as refusal:
            self.unit.problems.append(refusal)
            return None

    def _compiled(self, form: Expression, scope: Scope, *, lenient: bool = False) -> Typed:
        parsed = self._parsed(form, scope)
        if parsed is None:
            return Typed(ast.Constant(None), DYN)
        compiler, node = parsed
        return compiler.compile(as_path(node) if lenient else node)

    def _condition(self, form: Expression, scope: Scope) -> ast.expr:
        parsed = self._parsed(form, scope)
        return parsed[0].condition(parsed[1]) if parsed else ast.Constant(True)

    def _expression(self, form: Expression, scope: Scope, goal: Goal, *, lenient: bool = False) -> Typed:
        return self._fitted(self._compiled(form, scope, lenient=lenient), form, goal, form.text, lenient=lenient)

    def _fitted(self, typed: Typed, form: Form, goal: Goal, text: str, *, lenient: bool = False) -> Typed:
        """Check a value against what is wanted; what is not known now is checked when it runs."""
        optional = typed.type.kind == "optional"
        inner = typed.type.inner if optional else typed.type
        if goal.known is not None and inner.known:
            for message in misfits(replace(inner, nullable=False) if lenient else inner, goal, _short(text)):
                self.unit.problems.append(self._source(form).refusal(message, 0))
        if goal.known is None or inner.known:
            return typed
        kind = _GUARDS.get(goal.known.kind, goal.known.kind)
        null = "null_or_" if goal.known.nullable or lenient else ""
        guard = f"{null}{'absent_or_' if optional else ''}{kind}"
        return Typed(self._mark(call(guard if guard != kind else f"is_{kind}", typed.code), form, goal), typed.type)

    def _constant(self, form: Constant, goal: Goal) -> Typed:
        typed = Typed(self._mark(self._data(form.data), form), _type_of(form.data))
        return self._fitted(typed, form, goal, f"'{form.data}'" if isinstance(form.data, str) else str(form.data))

    def _data(self, data: Any) -> ast.expr:
        """Code that makes the data anew each time, so that no two documents share a list."""
        if isinstance(data, Mapping):
            return ast.Dict([ast.Constant(key) for key in data], [self._data(value) for value in data.values()])
        if isinstance(data, list):
            return ast.List([self._data(item) for item in data], ast.Load())
        return self.unit.constant(data)

    def _lookup(self, form: Lookup, scope: Scope, goal: Goal, *, lenient: bool = False) -> Typed:
        assert form.of is not None
        key = self._key(form.of, scope, lenient=lenient)
        found = self._table(form)
        if found is None:
            return Typed(ast.Constant(None), DYN)
        table, inner = found
        get = ast.Call(ast.Attribute(table, "get", ast.Load()), [key, load("ABSENT")], [])
        code = get if lenient else call("lookup" if form.named else "entry", table, key)
        typed = Typed(self._mark(code, form.of), optional_of(inner) if lenient else inner)
        return self._fitted(typed, form, goal, "the table")

    def _table(self, form: Lookup) -> tuple[ast.expr, Type] | None:
        """Code for a table and the type of its values; None with the problem noted."""
        if not form.named:
            types = [_type_of(value) for value in form.table.values()]
            known = types and all(type_.known for type_ in types)
            return self.unit.constant(dict(form.table)), union(types) if known else DYN
        try:
            index = index_of(self.unit.files, form.named)
        except Refusal as refusal:
            self.unit.problems.append(Refusal(refusal.message, place=self.resource.at(*form.path, "in")))
            return None
        return self.unit.constant(index), index.type

    def _key(self, form: Expression, scope: Scope, *, lenient: bool) -> ast.expr:
        parsed = self._parsed(form, scope)
        if parsed is None:
            return ast.Constant(None)
        compiler, node = parsed
        typed = compiler.compile(as_path(node) if lenient else node)
        if typed.type.kind == "optional" and lenient:
            return typed.code if not typed.type.inner.known else self._text_key(compiler, typed, node)
        return compiler.checked(typed, node, "string").code

    def _text_key(self, compiler: Compiler, typed: Typed, node: syntax.Node) -> ast.expr:
        compiler.checked(Typed(typed.code, replace(typed.type.inner, nullable=False)), node, "string")
        return typed.code

    # Conditions

    def _conditional(self, form: Form, scope: Scope, goal: Goal) -> Typed:
        bare = replace(form, when=None, default=None)
        name = self.unit.fresh("maybe")
        inside = self._choice(form, bare, scope, goal, name)
        if form.default is None:
            return Typed(load(name), optional_of(inside.type))
        with self._inside() as block:
            default = self.emit(form.default, scope, goal)
            self._store(name, default.code, form.default)
        absent = ast.Compare(load(name), [ast.Is()], [load("ABSENT")])
        null = ast.Compare(load(name), [ast.Is()], [ast.Constant(None)])
        self.block.append(self._mark(ast.If(ast.BoolOp(ast.Or(), [absent, null]), block, []), form))
        return Typed(load(name), _defaulted(inside.type, default.type))

    def _choice(self, form: Form, bare: Form, scope: Scope, goal: Goal, name: str) -> Typed:
        """Store the value under a name, absent where the condition does not hold."""
        lenient = form.default is not None
        if form.when is None:
            value = self._lenient(bare, scope, goal) if lenient else self._content(bare, scope, goal)
            self._store(name, value.code, bare)
            return value
        self._store(name, load("ABSENT"), form)
        condition = self._condition(form.when, scope)
        with self._inside() as block:
            value = self._lenient(bare, scope, goal) if lenient else self._content(bare, scope, goal)
            self._store(name, value.code, bare)
        self.block.append(self._mark(ast.If(condition, block, []), form))
        return value

    def _lenient(self, form: Form, scope: Scope, goal: Goal) -> Typed:
        """The value of a form that has a default: what is missing on its way is absent, not an error."""
        if isinstance(form, Expression):
            return self._expression(form, scope, goal, lenient=True)
        return self._lookup(form, scope, goal, lenient=True) if isinstance(form, Lookup) else self._content(form, scope, goal)

    def _store(self, name: str, code: ast.expr, form: Form) -> None:
        self.block.append(self._mark(ast.Assign([ast.Name(name, ast.Store())], code), form))

    # Objects and lists

    def let(self, forms: Mapping[str, Form], scope: Scope) -> Scope:
        """Store named values and return the scope that sees them."""
        for name, form in forms.items():
            typed = self.emit(form, scope, Goal())
            code = self._assign(f"v_{name}", typed.code, form)
            if not self.inside:
                self.unit.lets.append((code, name, self.resource.key_places.get(form.path) or self.resource.at(*form.path)))
            scope = {**scope, name: Variable(code, typed.type)}
        return scope

    def _group(self, form: Group, scope: Scope, goal: Goal) -> Typed:
        self._check_fields(form, goal, form.fields)
        rows = [Row(name, inner, self, value) for name, inner, value in self._values(form, scope, goal)]
        return self._made(form, rows)

    def _values(self, form: Group, scope: Scope, goal: Goal, *, but: Container[str] = ()) -> Iterator[tuple[str, Form, Typed]]:
        scope = self.let(form.let, scope)
        for name, inner in form.fields.items():
            if name not in but:
                yield name, inner, self._field((*form.path, name), inner, scope, goal)

    def _made(self, form: Form, rows: list[Row]) -> Typed:
        optional = frozenset(row.name for row in rows if row.value.type.kind == "optional")
        types = {row.name: row.value.type.inner if row.name in optional else row.value.type for row in rows}
        return Typed(self._object(form, rows, optional), record_of(types, optional))

    # Other maps

    def _use(self, form: Use, scope: Scope, goal: Goal) -> Typed:
        """What another map makes, compiled in place: its fields are checked against what is wanted here."""
        assert form.own is not None
        found = self._other(form)
        if found is None:
            return Typed(ast.Constant(None), DYN)
        other, group = found
        own = form.own.fields
        self._check_fields(form.own, goal, [*group.fields, *own])
        inner = other.scope_of(form, self, scope)
        rows = [Row(name, one, other, value) for name, one, value in other._values(group, inner, goal, but=own)]
        rows += [Row(name, one, self, value) for name, one, value in self._values(form.own, scope, goal)]
        other._check_known(group, goal)
        return self._made(form, rows)

    def scope_of(self, form: Use, outer: Emitter, scope: Scope) -> Scope:
        """What another map sees: the message's variables, its `body` being what `of` says."""
        names = {name: scope[name] for name in VARIABLES if name in scope}
        if form.of is None:
            return names
        typed = outer._compiled(form.of, scope)
        code = outer._assign("v_body", typed.code, form)
        return {**names, "body": Variable(code, typed.type)}

    def _other(self, form: Use) -> tuple[Emitter, Group] | None:
        """The emitter of another map's file and its form; None with the problem noted."""
        if form.name == self.resource.name or form.name in self.inside:
            self._problem(f"'{form.name}' uses itself: {' -> '.join((*self.inside, self.resource.name, form.name))}", form.path)
            return None
        if not form.name or self.unit.files is None:
            return None
        try:
            resource = self.unit.files.resource("map", form.name)
        except Refusal as refusal:
            self.unit.problems.append(Refusal(refusal.message, place=self.resource.at(*form.path)))
            return None
        reader = Reader(resource)
        group = reader.whole()
        self.unit.problems += reader.problems
        if isinstance(group, Use):
            self._problem(f"'{form.name}' itself begins with `use:`; use its parts", form.path)
            return None
        return Emitter(resource, self.unit, self.block, (*self.inside, self.resource.name)), group

    def _field(self, path: Path, form: Form, scope: Scope, goal: Goal) -> Typed:
        name = str(path[-1])
        value = self.emit(form, scope, goal.field(name))
        record = goal.type.record if goal.type else None
        if value.type.kind == "optional" and record and name in record.required:
            hint = "add `default:`" if form.when else "write .orValue(...) or `default:`"
            self._problem(f"{goal.field(name).path} is required by {goal.target}, but may be absent here; {hint}", path)
        return value

    def _object(self, form: Form, rows: list[Row], optional: frozenset[str]) -> ast.expr:
        """One dict display where nothing can be absent; else the first fields in one, the others one by one, in order."""
        first = next((at for at, row in enumerate(rows) if row.name in optional), len(rows))
        leading = ast.Dict([ast.Constant(row.name) for row in rows[:first]], [row.value.code for row in rows[:first]])
        if first == len(rows):
            return self._mark(leading, form)
        result = self._assign("object", leading, form)
        for row in rows[first:]:
            row.emitter._put(row.form, result, row.name, row.value, may_lack=row.name in optional)
        return load(result)

    def _put(self, form: Form, result: str, name: str, value: Typed, *, may_lack: bool) -> None:
        target = ast.Subscript(load(result), ast.Constant(name), ast.Store())
        if not may_lack:
            self.block.append(self._mark(ast.Assign([target], value.code), form))
            return
        given = self._assign("maybe", value.code, form)
        test = ast.Compare(load(given), [ast.IsNot()], [load("ABSENT")])
        self.block.append(self._mark(ast.If(test, [ast.Assign([target], load(given))], []), form))

    def _check_fields(self, form: Group, goal: Goal, given: Iterable[str]) -> None:
        wanted = goal.known
        if wanted is None:
            return
        if wanted.kind != "map":
            self._problem(f"{goal.path} of {goal.target} is {wanted}, but this makes an object", form.path)
            return
        self._check_known(form, goal)
        if wanted.record is not None:
            for name in sorted(wanted.record.required - set(given)):
                self._problem(f"{goal.field(name).path} is required by {goal.target}, but the map doesn't give it", form.path)

    def _check_known(self, form: Group, goal: Goal) -> None:
        record = goal.known.record if goal.known else None
        for name in form.fields if record is not None else ():
            if record is not None and record.field(name) is None:
                holder = f"{goal.path} of {goal.target}" if goal.path else goal.target
                self._problem(f"{holder} has no field '{name}'{nearest(name, fields_of(record))}", (*form.path, name))

    def _must_be_list(self, goal: Goal, path: Path) -> None:
        if goal.known is not None and goal.known.kind != "list":
            self._problem(f"{goal.path} of {goal.target} is {goal.known}, but this makes a list", path)

    def _listing(self, form: Listing, scope: Scope, goal: Goal) -> Typed:
        self._must_be_list(goal, form.path)
        values = [self.emit(item, scope, goal.element()) for item in form.items]
        types = [value.type.inner if value.type.kind == "optional" else value.type for value in values]
        type_ = list_of(union(types) if all(type_.known for type_ in types) else DYN)
        if all(value.type.kind != "optional" for value in values):
            return Typed(self._mark(ast.List([value.code for value in values], ast.Load()), form), type_)
        result = self._assign("list", ast.List([], ast.Load()), form)
        for item, value in zip(form.items, values, strict=True):
            self._append(item, result, value)
        return Typed(load(result), type_)

    def _append(self, form: Form, result: str, value: Typed) -> None:
        """Add an element, unless it is absent."""
        append = ast.Attribute(load(result), "append", ast.Load())
        if value.type.kind != "optional":
            self.block.append(self._mark(ast.Expr(ast.Call(append, [value.code], [])), form))
            return
        given = self._assign("maybe", value.code, form)
        there = ast.Compare(load(given), [ast.IsNot()], [load("ABSENT")])
        self.block.append(self._mark(ast.If(there, [ast.Expr(ast.Call(append, [load(given)], []))], []), form))

    def _each(self, form: Each, scope: Scope, goal: Goal) -> Typed:
        assert form.over is not None
        assert form.inner is not None
        self._must_be_list(goal, (*form.path, "for_each"))
        if len(self.unit.loops) == MOST_LOOPS:
            self._problem(
                f"this is the {MOST_LOOPS + 1}th for_each inside of each other; {MOST_LOOPS} are the most",
                (*form.path, "for_each"),
            )
        items, item = self._items(form.over, scope)
        result = self._assign("list", ast.List([], ast.Load()), form)
        element, counter = self.unit.fresh(f"v_{form.name}"), self.unit.fresh("v_index")
        inner_scope = {**scope, form.name: Variable(element, item), "index": Variable(counter, INT)}
        outer, self.unit.loops = self.unit.loops, (*self.unit.loops, Loop(counter, _short(form.over.text)))
        with self._inside() as body:
            value = self._element(form, inner_scope, goal, result)
        self.unit.loops = outer
        target = ast.Tuple([ast.Name(counter, ast.Store()), ast.Name(element, ast.Store())], ast.Store())
        paid = call("enumerate", call("spend", self.unit.budget(), items))
        self.block.append(self._mark(ast.For(target, self._mark(paid, form.over), body, []), form))
        return Typed(load(result), list_of(value.type.inner if value.type.kind == "optional" else value.type))

    def _element(self, form: Each, scope: Scope, goal: Goal, result: str) -> Typed:
        """One turn of the loop."""
        assert form.inner is not None
        if form.where is not None:
            test = ast.UnaryOp(ast.Not(), self._condition(form.where, scope))
            self.block.append(self._mark(ast.If(test, [ast.Continue()], []), form.where))
        scope = self.let(form.let, scope)
        value = self.emit(form.inner, scope, goal.element())
        self._append(form, result, value)
        return value

    def _items(self, form: Expression, scope: Scope) -> tuple[ast.expr, Type]:
        """The list to go over: an optional one that is absent counts as empty."""
        parsed = self._parsed(form, scope)
        if parsed is None:
            return ast.Tuple([], ast.Load()), DYN
        compiler, node = parsed
        typed = compiler.compile(node)
        if typed.type.kind == "optional":
            typed = Typed(self._mark(call("present", typed.code, ast.Tuple([], ast.Load())), form), typed.type.inner)
        if typed.type.known and typed.type.kind != "list":
            compiler.problem(node, f"for_each goes over a list, but {compiler.text(node)} is {typed.type}")
        return compiler.checked(typed, node, "list").code if typed.type.kind in ("list", "dyn") else typed.code, typed.type.inner


def _defaulted(value: Type, default: Type) -> Type:
    inner = value.inner if value.kind == "optional" else value
    other = default.inner if default.kind == "optional" else default
    known = inner.known and other.known
    type_ = union([replace(inner, nullable=False) if inner.kind != "null" else inner, other]) if known else DYN
    return optional_of(type_) if default.kind == "optional" else type_


def _type_of(data: Any) -> Type:
    if isinstance(data, Mapping):
        return record_of({key: _type_of(value) for key, value in data.items()})
    if isinstance(data, list):
        return list_of(union([_type_of(item) for item in data]))
    kinds = {bool: "bool", int: "int", Decimal: "decimal", str: "string"}
    return one_of(data, kinds.get(type(data), "null"))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."
