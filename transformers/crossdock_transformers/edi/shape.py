"""The decoded shape of a set as a JSON Schema 2020-12, made from its grammar: what maps and conditions are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from crossdock_transformers.edi.grammar import UNLIMITED, Composite, Element, Node, Segment, TransactionSet, Use
from crossdock_transformers.edi.tree import tree_of

MOST_CODES: Final = 60
"""Longer code lists are left out of the schema; the codec checks them all the same."""


def shape_of(grammar: TransactionSet, *, written: bool = False) -> dict[str, Any]:
    """Return the schema of a decoded transaction; of one that is to be written levels of a tree need no number."""
    text = {"type": "string"}
    properties: dict[str, Any] = {
        "set": {"type": "string", "const": grammar.number},
        "version": text,
        "interchange": _strings(grammar.dialect.interchange),
        "group": _strings(grammar.dialect.group),
        "control_number": text,
        **dict.fromkeys(grammar.dialect.about, text),
    }
    required = list(properties)
    children = grammar.body
    properties.update(_nodes(children))
    required += [child.name for child in children if child.required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{grammar.title} ({grammar.number}, {grammar.base})",
        **_object(properties, required),
        **_definitions(grammar, written=written),
    }


def _definitions(grammar: TransactionSet, *, written: bool) -> dict[str, Any]:
    """The levels of trees, which hold levels like themselves."""
    trees = {node.name: _level(node, written=written) for _, node in grammar.visit() if node.tree and not node.forbidden}
    return {"$defs": trees} if trees else {}


def _level(node: Node, *, written: bool) -> dict[str, Any]:
    level = _segment(node.segment, node.children)
    given = {tree_of(node).own} if written else set()
    inner = {"type": "array", "items": {"$ref": f"#/$defs/{node.name}"}, "minItems": 1}
    required = [name for name in level.get("required", ()) if name not in given]
    return {"title": level["title"], **_object({**level["properties"], node.name: inner}, required)}


def _strings(fields: Sequence[str]) -> dict[str, Any]:
    return _object({name: {"type": "string"} for name in fields}, list(fields))


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    whole: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**whole, "required": required} if required else whole


def _nodes(nodes: Iterable[Node]) -> dict[str, Any]:
    return {node.name: _node(node) for node in nodes if not node.forbidden}


def _node(node: Node) -> dict[str, Any]:
    one = {"$ref": f"#/$defs/{node.name}"} if node.tree else _segment(node.segment, node.children)
    if node.single:
        return one
    most = {} if node.most == UNLIMITED else {"maxItems": node.most}
    return {"type": "array", "items": one, "minItems": 1, **most}


def _segment(segment: Segment, children: tuple[Node, ...]) -> dict[str, Any]:
    uses = [use for use in segment.uses if not use.forbidden]
    properties = {use.ref: _use(use) for use in uses}
    properties.update(_nodes(children))
    required = [use.ref for use in uses if use.required] + [child.name for child in children if child.required]
    return {"title": segment.title, **_object(properties, required)}


def _use(use: Use) -> dict[str, Any]:
    one = _composite(use.what) if isinstance(use.what, Composite) else _element(use.what)
    return one if use.most == 1 else {"type": "array", "items": one, "minItems": 1, "maxItems": use.most}


def _composite(composite: Composite) -> dict[str, Any]:
    properties = {use.ref: _use(use) for use in composite.uses if not use.forbidden}
    return {"title": composite.title, **_object(properties, [use.ref for use in composite.uses if use.required])}


def _element(element: Element) -> dict[str, Any]:
    if element.kind[0] in "RN":
        return {"type": "number", "title": element.title}
    whole: dict[str, Any] = {"type": "string", "title": element.title}
    if element.kind == "DT":
        return {**whole, "format": "date"}
    if element.kind == "TM":
        return {**whole, "pattern": r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,2})?)?$"}
    if element.codes and len(element.codes) <= MOST_CODES:
        return {**whole, "enum": list(element.codes)}
    return whole
