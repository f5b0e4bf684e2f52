"""Patterns that change the message: headers, body, order, what is put aside."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from crossdock.core.nodes import BodyNode, ClaimCheckNode, HeadersNode, Node, RemoveNode, SortNode
from crossdock.core.spec import Options
from crossdock_config.patterns.pattern import EXPRESSION, Cel, Pattern, Site, items, trail, within


def _set_header(site: Site) -> Node | None:
    if not isinstance(site.value, dict) or not site.value:
        site.say("`set_header` takes names and expressions: `{ priority: '\"high\"' }`")
        return None
    compiled = {str(key): site.scope.expression(text, (*site.at, key)) for key, text in site.value.items()}
    values = {key: expression for key, expression in compiled.items() if expression is not None}
    return HeadersNode(site.number(), "set_header", site.place, values)


class SetBody(Options):
    """The new body."""

    SHORTHAND: ClassVar[str] = "value"

    value: Cel = Field(description="an expression whose value becomes the body")


def _set_body(site: Site) -> Node | None:
    expression = site.expression("value")
    site.scope.shape = expression.shape if expression else None
    return BodyNode(site.number(), "set_body", site.place, expression) if expression else None


def _remove(site: Site) -> Node | None:
    texts = site.value if isinstance(site.value, list) else [site.value]
    found: list[tuple[str, ...]] = []
    for index, text in enumerate(texts):
        at = (index,) if isinstance(site.value, list) else ()
        path = trail(site, text, *at, roots=("body", "headers"))
        if path is not None and len(path) == 1:
            site.say(f"`{path[0]}` as a whole can't be removed: name a field of it", *at)
        elif path is not None:
            found.append(path)
            site.scope.shape = _removed(site, path, *at)
    return RemoveNode(site.number(), "remove", site.place, tuple(found))


def _removed(site: Site, path: tuple[str, ...], *at: int) -> Any:
    if path[0] != "body":
        return site.scope.shape
    within(site, path[1:], *at)
    return _lacking(site.scope.shape, path[1:])


def _lacking(shape: Any, names: tuple[str, ...]) -> Any:
    """Return a shape without a field, going into lists."""
    if not isinstance(shape, dict):
        return shape
    if shape.get("type") == "array":
        return {**shape, "items": _lacking(shape.get("items"), names)}
    properties = shape.get("properties")
    if not isinstance(properties, dict) or names[0] not in properties:
        return shape
    if len(names) > 1:
        return {**shape, "properties": {**properties, names[0]: _lacking(properties[names[0]], names[1:])}}
    required = [name for name in shape.get("required", ()) if name != names[0]]
    return {**shape, "properties": {key: one for key, one in properties.items() if key != names[0]}, "required": required}


class Sort(Options):
    """What is sorted, and by what."""

    list: str = Field("body", alias="in", description="the path of the list, such as `body.lines`")
    by: Cel = Field(description="an expression over each `item`")
    descending: bool = Field(False, description="the greatest first")


def _sort(site: Site) -> Node | None:
    path = trail(site, site.options.list, "in")
    if path is None:
        return None
    shape = within(site, path[1:], "in")
    by = site.expression("by", item=items(shape) or {})
    return SortNode(site.number(), f"sort {site.options.list}", site.place, path[1:], by, site.options.descending) if by else None


class ClaimCheck(Options):
    """Under which name a body is put aside, or taken back."""

    store: str = Field("", description="put the body aside under this name; it stays the body as well")
    restore: str = Field("", description="make what was put aside under this name the body again")

    @model_validator(mode="after")
    def _one(self) -> ClaimCheck:
        if bool(self.store) == bool(self.restore):
            raise ValueError("say either `store: name` or `restore: name`")
        return self


def _claim_check(site: Site) -> Node | None:
    stored, name = site.scope.stored, site.options.store or site.options.restore
    if site.options.store:
        stored[name] = site.scope.shape
    elif name not in stored:
        site.say(f"nothing is stored under '{name}' before this step", "restore")
    else:
        site.scope.shape = stored[name]
    action: Literal["store", "restore"] = "store" if site.options.store else "restore"
    return ClaimCheckNode(site.number(), f"claim_check {action} {name}", site.place, action, name)


PATTERNS = (
    Pattern(
        "set_header",
        "set headers from expressions",
        "set_header: { priority: '\"high\"', po: body.order_number }",
        _set_header,
        schema={"type": "object", "additionalProperties": dict(EXPRESSION)},
    ),
    Pattern("set_body", "make an expression's value the body", "set_body: body.order", _set_body, SetBody),
    Pattern(
        "remove",
        "take fields out of the body or headers (content filter)",
        "remove: [body.internal_note, body.lines.cost]",
        _remove,
        schema={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
    ),
    Pattern("sort", "put a list in order", "sort: { in: body.lines, by: item.number }", _sort, Sort),
    Pattern(
        "claim_check",
        "put the body aside under a name and take it back later (claim check)",
        "claim_check: { store: original }",
        _claim_check,
        ClaimCheck,
    ),
)
