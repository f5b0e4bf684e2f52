"""`lookup`, `xref` and `convert`, which ask the tables of a project, and `now`, which asks the message."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.words import nearest
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.compiler import Compiler, Typed
from crossdock_transformers.expression.tables import Index, Table, Tables, reference, table_of, units_of
from crossdock_transformers.expression.types import DECIMAL, DYN, TIMESTAMP, Type, union

UNITS: Final = "units"
"""The table that `convert` asks."""


def lookup(compiler: Compiler, node: syntax.Call) -> Typed:
    """`lookup(table, key)` and `lookup(table, key, default)`."""
    text = _table_name(compiler, node, "lookup")
    if text is None:
        return Typed(ast.Constant(None), DYN)
    index = _tried(compiler, node.args[0], lambda: index_of(compiler.unit.files, text))
    return _asked(compiler, node, index.type if index else DYN, lambda key: [compiler.unit.constant(index), key], "lookup")


def xref(compiler: Compiler, node: syntax.Call) -> Typed:
    """`xref(table, key)` and `xref(table, key, default)`: a table of the message's partner."""
    text = _table_name(compiler, node, "xref")
    partner = compiler.scope.get("partner")
    if partner is None:
        return compiler.problem(node.at, "xref needs the message's partner, which nothing knows here")
    found = _tried(compiler, node.args[0], lambda: _indexes(compiler.unit.files, text)) if text is not None else None
    if found is None:
        return Typed(ast.Constant(None), DYN)
    types = [index.type for index in found.values()]
    type_ = union(types) if all(known.known for known in types) else DYN
    tables = compiler.unit.constant(Tables(str(text), found))
    return _asked(compiler, node, type_, lambda key: [tables, compiler.read(partner).code, key], "xref")


def _table_name(compiler: Compiler, node: syntax.Call, function: str) -> str | None:
    name = node.args[0] if len(node.args) in (2, 3) else None
    if isinstance(name, syntax.Literal) and name.kind == "string":
        return str(name.value)
    compiler.problem(
        node.at if name is None else name, f"{function} is written {function}('table', key) or {function}('table', key, default)"
    )
    return None


def _asked(
    compiler: Compiler, node: syntax.Call, type_: Type, args: Callable[[ast.expr], list[ast.expr]], function: str
) -> Typed:
    if len(node.args) == 2:
        return Typed(compiler.library(function, *args(compiler.need(node.args[1], "string").code)), type_)
    key = compiler.compile(node.args[1])
    inner = key.type.inner if key.type.kind == "optional" else key.type
    if inner.known and inner.kind not in ("string", "null"):
        compiler.problem(node.args[1], f"a string is needed here, but {compiler.text(node.args[1])} is {inner}")
    fallback = compiler.value(node.args[2])
    code = compiler.library(f"{function}_or", *args(key.code), compiler.lazy(node.args[2], fallback.code))
    return Typed(code, union([type_, fallback.type]) if type_.known and fallback.type.known else DYN)


def _tried(compiler: Compiler, node: syntax.Node, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Refusal as refusal:
        compiler.problem(node, refusal.message)
        return None


def table_named(files: Any, name: str) -> Table:
    """Return a project's table; raises Refusal that names the nearest one."""
    if files is None:
        raise Refusal(f"there is no table '{name}': this expression stands in no project")
    return table_of(files.resource("table", name))


def index_of(files: Any, text: str) -> Index:
    """Return the index that a reference such as `item:gtin->sku` names; raises Refusal."""
    name, source, target = reference(text)
    return table_named(files, name).index(source, target)


def _indexes(files: Any, text: str) -> dict[str, Index]:
    """The tables `PARTNER.NAME` by partner, and the one without a partner, for all others, under ''."""
    name, source, target = reference(text)
    names = [] if files is None else list(files.names("table"))
    found = {table.removesuffix(f".{name}"): table for table in names if table.endswith(f".{name}")}
    if name in names:
        found[""] = name
    if not found:
        known = sorted({table.rpartition(".")[2] for table in names})
        raise Refusal(f"no partner has a table '{name}'{nearest(name, known)}; write config/partners/PARTNER.{name}.table.yaml")
    return {partner: table_named(files, table).index(source, target) for partner, table in found.items()}


def convert(compiler: Compiler, node: syntax.Call) -> Typed:
    """`convert(quantity, from, to)` and `convert(quantity, from, to, item)`, by the table `units`."""
    if len(node.args) not in (3, 4):
        return compiler.problem(
            node.at, "convert is written convert(quantity, 'CA', 'EA') or convert(quantity, 'CA', 'EA', item)"
        )
    amount = compiler.need(node.args[0], "number").code
    names = [compiler.need(name, "string").code for name in node.args[1:]]
    units = _tried(compiler, node, lambda: units_of(table_named(compiler.unit.files, UNITS)))
    return Typed(compiler.library("converted", compiler.unit.constant(units), amount, *names), DECIMAL)


def now(compiler: Compiler, node: syntax.Call) -> Typed:
    """`now()`: when the message came, the same at every attempt, so that each makes the same document."""
    received = compiler.scope.get("received_at")
    if node.args or received is None:
        return compiler.problem(node.at, "now is written now(), where there is a message")
    return Typed(compiler.library("moment", compiler.read(received).code), TIMESTAMP)


MACROS: Final = {"lookup": lookup, "xref": xref, "convert": convert, "now": now}
