"""What `source:` and `target:` of a map name: a schema beside the routes, an X12 set or an EDIFACT message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Context, Resource, Shape
from crossdock.core.words import nearest

if TYPE_CHECKING:
    from crossdock_transformers.edi.grammar import TransactionSet

_EDI: Final = re.compile(r"(?:(x12) (\d{3})|(edifact) ([A-Z]{6}))(?: (?P<version>\d{6}\w*|D\.?\d\d[AB]))?(?: (?P<guide>[^\s]+))?")


_LAYOUT: Final = re.compile(r"(csv|fixed_width|idoc|xml) (\S+)(?: (whole))?")
"""A layout by its format and name, with the word `whole` for a whole file of its records."""


def shape_named(resource: Resource, key: str, context: Context, problems: list[Refusal]) -> Shape | None:
    """Return the shape that a map's `source` or `target` names, None where it names none; notes a problem at its place."""
    data = resource.data if isinstance(resource.data, Mapping) else {}
    name = str(data.get(key) or "").strip()
    if not name:
        return None
    found, layout = _EDI.fullmatch(name), _LAYOUT.fullmatch(name)
    if key == "source" and " " in name and not found and not layout:
        return None  # a remark for people
    try:
        if layout:
            return _layout(layout, context, written=key == "target")
        return _set(found, context, written=key == "target") if found else _schema(name, context)
    except Refusal as refusal:
        problems.append(Refusal(refusal.message, place=resource.at(key)))
    except Refusals as refusals:
        problems += refusals.refusals
    return None


def _layout(named: re.Match[str], context: Context, *, written: bool) -> Shape | None:
    from crossdock_transformers import layout

    if named[1] == "idoc":
        from crossdock_transformers.idoc.segments import shape_named

        return shape_named(named[2], written=written)
    return layout.shape_named(context, named[1], named[2], whole=bool(named[3]))


def _schema(name: str, context: Context) -> Shape | None:
    data: Any = context.resource("schema", name).data
    return data if isinstance(data, Mapping) else None


def _set(named: re.Match[str], context: Context, *, written: bool) -> Shape:
    """The decoded shape of a set; what its envelope says is left to the encoder."""
    return context.once(("named shape", named[0], written), lambda: _made(named, context, written=written))


def _made(named: re.Match[str], context: Context, *, written: bool) -> Shape:
    from crossdock_transformers.edi.own import grammars_of
    from crossdock_transformers.edi.shape import shape_of

    dialect, number, version = named[1] or named[3], named[2] or named[4], named["version"]
    grammars = grammars_of(context, dialect)
    narrowed = _narrowed(named["guide"], number, context) if named["guide"] else None
    shape = shape_of(narrowed or grammars.get(number, version or grammars.usual(number)), written=written)
    return {**shape, "required": [name for name in shape.get("required", ()) if name not in grammars.dialect.envelope]}


def _narrowed(name: str, number: str, context: Context) -> TransactionSet:
    """The set as a partner's guide narrows it; raises Refusal for a guide of another set."""
    from crossdock_transformers.edi.guide import opened

    if name not in context.names("guide"):
        raise Refusal(f"there is no guide '{name}'{nearest(name, context.names('guide'))}")
    found = opened(context, name).grammar
    if found.number != number:
        raise Refusal(f"the guide '{name}' is for {found.number}, not for {number}")
    return found
