"""What a decoded document says of its purchase order: the links of the document chain (`core.chain`), for every set of the trade.

A recipe says where in a set's decoded shape the order's number, the document's own number, date and purpose stand, and how its
lines are read. Adding a set is adding a recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from crossdock.core.chain import Link

Body = Mapping[str, Any]
Row = list[Any]
Rows = Mapping[str, Sequence[Row]]
"""Rows by the number of the order that they belong to; '' stands for the one that the header names."""

PURPOSES: Final[Mapping[str, str]] = {
    "01": "cancel", "04": "change", "05": "replace", "07": "replace",
    "1": "cancel", "4": "change", "5": "replace", "7": "replace", "31": "replace",
}  # fmt: skip
"""BEG01 and its kin, EDIFACT 1225. What isn't here is an original."""


class Recipe(NamedTuple):
    """Where things stand in a set.

    `head` is a segment; `order`, `other` (a second number that it is found by), `number`, `date`, `purpose` are elements of it.
    """

    stage: str
    head: str
    order: str
    rows: Callable[[Body], Rows]
    number: str = ""
    date: str = ""
    purpose: str = ""
    total: Callable[[Body], str | None] | None = None
    other: str = ""
    changes: bool = False
    kind: str = "order"


Recipes = Mapping[str, Recipe]
"""By set or message type."""


def links_of(
    recipes: Recipes, number: str, body: Body, partner: str, direction: str, *, checked: bool = True
) -> tuple[Link, ...]:
    """Return what a document says of orders; nothing where it is of no such set or names none."""
    recipe = recipes.get(number)
    if recipe is None:
        return ()
    head = one(body.get(recipe.head)) or {}
    named = dict.fromkeys(filter(None, (text(head.get(recipe.order)), text(head.get(recipe.other)))))
    total = recipe.total(body) if recipe.total else None
    shared = (
        text(head.get(recipe.number)) or "",
        (text(head.get(recipe.date)) if recipe.date else dated_137(body)) or "",
        _control(body),
    )
    purpose = PURPOSES.get(text(head.get(recipe.purpose)) or "", "change" if recipe.changes else "original")
    return tuple(
        Link(partner, direction, number, recipe.stage, order, *shared, rows, recipe.kind, purpose, total, checked)
        for found, rows in recipe.rows(body).items()
        for order in ((found,) if found else named)
    )


def dated_137(body: Body) -> str | None:
    """Return the document's date where a message has it in DTM+137."""
    for segment in many(body.get("DTM")):
        composite = segment.get("DTM01")
        if isinstance(composite, Mapping) and composite.get("DTM0101") == "137":
            return text(composite.get("DTM0102"))
    return None


def _control(body: Body) -> str:
    """Return the control numbers of a received document: interchange and transaction."""
    outer = body.get("interchange")
    if not isinstance(outer, Mapping):
        return ""
    return "/".join(filter(None, (outer.get("control_number"), body.get("control_number"))))


def one(value: Any) -> Any:
    """Return a segment, the first where it may repeat."""
    return (value[0] if value else None) if isinstance(value, list) else value


def many(value: Any) -> Sequence[Any]:
    """Return a loop's occurrences, whether or not it may repeat."""
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: Any) -> str | None:
    """Return a value as text; of a composite its first component."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return text(next(iter(value.values()), None))
    return str(value)


def dated(segments: Any, qualifier: str, date: str, wanted: Iterable[str]) -> str | None:
    """Return the date of the first qualifier that is there, in the order in which they are wanted."""
    if not segments:
        return None
    found = {segment.get(qualifier): segment.get(date) for segment in many(segments)}
    return next((found[code] for code in wanted if code in found), None)
