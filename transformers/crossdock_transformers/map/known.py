"""What `source:` and `target:` of a map name: a schema beside the routes, or an X12 set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.spec import Context, Resource, Shape

_X12: Final = re.compile(r"x12 (\d{3})(?: (\w+))?")


def shape_named(resource: Resource, key: str, context: Context, problems: list[Refusal]) -> Shape | None:
    """Return the shape that a map's `source` or `target` names, None where it names none; notes a problem at its place."""
    data = resource.data if isinstance(resource.data, Mapping) else {}
    name = str(data.get(key) or "").strip()
    if not name:
        return None
    found = _X12.fullmatch(name)
    if key == "source" and " " in name and not found:
        return None  # a remark for people
    try:
        return _set(found[1], found[2]) if found else _schema(name, context)
    except Refusal as refusal:
        problems.append(Refusal(refusal.message, place=resource.at(key)))
        return None


def _schema(name: str, context: Context) -> Shape | None:
    data: Any = context.resource("schema", name).data
    return data if isinstance(data, Mapping) else None


def _set(number: str, version: str | None) -> Shape:
    """The decoded shape of a set; what its envelope says is left to the encoder."""
    from crossdock_transformers.edi.load import standard
    from crossdock_transformers.edi.shape import shape_of
    from crossdock_transformers.x12.write import ENVELOPE_KEYS

    shape = shape_of(standard().get(number, version or standard().versions[0]))
    return {**shape, "required": [name for name in shape.get("required", ()) if name not in ENVELOPE_KEYS]}
