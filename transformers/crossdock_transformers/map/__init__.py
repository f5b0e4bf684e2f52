"""Maps: `*.map.yaml` says, field by field of the target, where each value comes from.

    map: acme-850
    description: ACME's 850 as a canonical order.
    source: x12 850                       # or `x12 850 acme-850` (a guide), or a schema; what the route knows comes first
    target: order.v1                      # a schema's name, or `x12 855`
    let:                                  # names for values, seen by everything below
      dock: body.N1.filter(party, party.N101 == "ST")[0]
    fields:
      order_number: body.BEG.BEG03        # a text is a CEL expression
      customer: '"C-1001"'                # so a text itself is in quotes
      ordered_on: body.BEG.BEG05
      requested_on: body.?DTM[?0].?DTM02  # an optional value that is absent leaves its field out
      currency: { value: body.CUR.CUR02, default: '"USD"' }
      ship_to:                            # a mapping is an object, a list a list, element by element
        name: dock.N102
      lines:
        for_each: body.PO1                # one element for each, seen as `item` and counted by `index` from 0
        where: item.PO102 > 0
        fields:
          number: string(index + 1)
          sku: item.PO109
          quantity: item.PO102
          unit: { lookup: item.PO103, in: { EA: EA, CA: CASE }, default: '"EA"' }
          unit_price: item.PO104
      total: sum(body.PO1.map(line, line.PO102 * line.PO104))

A mapping with one of these keys is not an object but one of these forms:

- `value: expression`; with `default: ...` where the value is absent or null, with `when: condition` only where that holds.
- `literal: data`: the data as it stands.
- `lookup: expression` with `in: {key: data}`, or with `in: uom`, a `*.table.yaml`: the entry of a table.
- `for_each: list` with `fields:` or `value:`, and with `as:` (another name for `item`), `where:` and `let:`.
- `use: address`: what another map (address.map.yaml) makes, as a part of this one; with `of: item.address` that is its `body`;
  with `fields:` those are added to its own, or replace them. At the top of a file `use` takes over the fields of a shared map.
- `fields: {...}`: an object, said explicitly: to give it a `when`, a `default` or a `let`, or fields with such names.

`when` and `default` go with all of them; `let` takes the same forms. Inside braces an expression with `?`, `[`, `{` or `,` needs
quotes: that is YAML. Everything is checked when it is built: source paths, the target's fields, required ones, types and codes.
The whole map becomes one Python function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from crossdock.core.spec import Context, Options, Step, TransformerSpec
from crossdock_transformers.map.table_file import TableFile, check_table

if TYPE_CHECKING:
    from crossdock_transformers.map.program import compile_map

_FORM = {
    "description": "an expression, an object, a list, or one of value, literal, lookup, for_each, fields",
    "anyOf": [{"type": ["string", "number", "boolean", "null"]}, {"type": ["object", "array"]}],
}
FieldForm = Annotated[Any, WithJsonSchema(_FORM)]
"""What stands for a target field."""


class MapFile(BaseModel):
    """A `*.map.yaml` file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    map: str = Field(description="the map's name: the file's name without .map.yaml")
    description: str = Field("", description="what it is for, in a sentence")
    source: str = Field(
        "",
        description="what it reads: a schema's name, `x12 850` or `edifact ORDERS`; checked if the route knows no better",
    )
    target: str = Field(
        "", description="what it makes: a schema's name, `x12 855` or `edifact ORDRSP`; its fields and types are checked"
    )
    let: dict[str, FieldForm] = Field(default_factory=dict, description="names for values that are used below")
    use: str = Field("", description="a map whose fields are taken over; `fields` adds to them and replaces them")
    fields: dict[str, FieldForm] = Field(default_factory=dict, description="the target's fields")


class MapOptions(Options):
    """`map: name`."""

    SHORTHAND: ClassVar[str] = "map"

    map: str = Field(description="the map's name: `acme-850` is acme-850.map.yaml")


def _build(options: Any, context: Context) -> Step:
    from crossdock_transformers.map.program import MapStep, compile_map

    return MapStep(compile_map(context.resource("map", options.map), context))


def _check(name: str, context: Context) -> None:
    from crossdock_transformers.map.program import compile_map

    compile_map(context.resource("map", name), context)


def __getattr__(name: str) -> Any:
    """Import the compiler when it is first used, so that reading the spec stays cheap."""
    if name != "compile_map":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from crossdock_transformers.map.program import compile_map

    return compile_map


SPEC = TransformerSpec(
    name="map",
    summary="makes one document of another, field by field, checked against both schemas",
    example="map: acme-850",
    options=MapOptions,
    step=_build,
    files={"map": MapFile, "table": TableFile},
    checks={"table": check_table},
    unused={"map": _check},
)


class TransformOptions(Options):
    """`transform: {fields: ...}`: a map in its place, without a file of its own."""

    target: str = Field("", description="what it makes: a schema's name, `x12 855` or `edifact ORDRSP`; its fields are checked")
    use: str = Field("", description="a map whose fields are taken over")
    let: dict[str, FieldForm] = Field(default_factory=dict, description="names for values that are used below")
    fields: dict[str, FieldForm] = Field(default_factory=dict, description="the target's fields")


def _build_transform(_options: Any, context: Context) -> Step:
    from crossdock_transformers.map.program import MapStep, compile_map

    return MapStep(compile_map(context.given, context))


TRANSFORM_SPEC = TransformerSpec(
    name="transform",
    summary="makes one document of another by a map that stands in the route itself",
    example="transform: { fields: { order_number: body.id } }",
    options=TransformOptions,
    step=_build_transform,
)

__all__ = ["SPEC", "TRANSFORM_SPEC", "MapFile", "MapOptions", "TransformOptions", "compile_map"]
