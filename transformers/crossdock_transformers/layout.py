"""Layouts: `*.layout.yaml` says once what the records of a format look like, for steps in both directions and for maps."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossdock.core.errors import Refusal
from crossdock.core.spec import Context, Options, Resource, Shape
from crossdock.core.words import nearest
from crossdock_transformers.csv.layout import CsvLayout
from crossdock_transformers.fixed_width.layout import FixedLayout
from crossdock_transformers.fixed_width.layout import check as check_fixed
from crossdock_transformers.layouts import built_in
from crossdock_transformers.layouts import names as built_in_names
from crossdock_transformers.xml.options import XmlLayout

FORMATS = ("csv", "fixed_width", "xml")
Layout = TypeVar("Layout", bound=Options)


class LayoutFile(BaseModel):
    """A `*.layout.yaml` file: its name, and one format."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: str = Field(description="the layout's name: the file's name without .layout.yaml")
    description: str = Field("", description="what it is for, in a sentence")
    csv: CsvLayout | None = Field(None, description="the columns and the dialect of a CSV file")
    fixed_width: FixedLayout | None = Field(None, description="the records of a fixed-width file")
    xml: XmlLayout | None = Field(None, description="the elements of an XML document")

    @model_validator(mode="after")
    def _one(self) -> LayoutFile:
        if sum(getattr(self, name) is not None for name in FORMATS) != 1:
            raise ValueError(f"a layout is of one format: {', '.join(FORMATS)}")
        return self


def opened(context: Context, name: str, format_: str) -> tuple[Any, Resource]:
    """Return a layout of a format by name, with its file; raises Refusal."""
    own = context.names("layout")
    resource = context.resource("layout", name) if name in own else built_in(name)
    if resource is None:
        raise Refusal(f"there is no layout '{name}'{nearest(name, [*own, *built_in_names()])}", path=("layout",))
    found = getattr(LayoutFile.model_validate(resource.data), format_)
    if found is None:
        given = next(one for one in FORMATS if one in resource.data)
        others = [one for one in context.names("layout") if format_ in (context.resource("layout", one).data or {})]
        raise Refusal(f"the layout '{name}' is of {given}, not of {format_}{nearest(name, others)}", path=("layout",))
    return found, resource


def chosen(options: Options, model: type[Layout], context: Context, format_: str) -> tuple[Layout, Resource, tuple[str, ...]]:
    """Return the layout that a step names or says itself, the file it stands in, and its path there; raises Refusal."""
    name = getattr(options, "layout", "")
    if not name:
        given = {field: getattr(options, field) for field in model.model_fields if field in options.model_fields_set}
        return model.model_validate(given), context.given, ()
    for field in model.model_fields:
        if field in options.model_fields_set:
            raise Refusal(f"`{field}` is said by the layout '{name}'; change it there", path=(field,))
    layout, resource = opened(context, name, format_)
    return layout, resource, (format_,)


def check_layout(name: str, context: Context) -> None:
    """Look closely at a layout; raises Refusal or Refusals."""
    from crossdock_transformers.csv.layout import check

    resource = context.resource("layout", name)
    layout = LayoutFile.model_validate(resource.data)
    if layout.csv is not None:
        check(layout.csv, resource, ("csv",))
    if layout.fixed_width is not None:
        check_fixed(layout.fixed_width, resource, ("fixed_width",))
    if layout.xml is not None:
        _check_xml(layout.xml, resource, context)


def _check_xml(layout: XmlLayout, resource: Resource, context: Context) -> None:
    from crossdock_transformers.xml.options import check
    from crossdock_transformers.xml.structure import structure

    check(layout, resource, ("xml",))
    structure(layout, resource, ("xml",), context)


def shape_named(context: Context, format_: str, name: str, *, whole: bool) -> Shape | None:
    """Return the shape of a layout's records, or of a whole file of them; raises Refusal."""
    layout, resource = opened(context, name, format_)
    if format_ != "xml":
        shape: Shape = layout.whole_shape() if whole else layout.shape()
        return shape
    from crossdock_transformers.xml.model import shape_of, whole_shape
    from crossdock_transformers.xml.structure import structure

    found = structure(layout, resource, ("xml",), context).element
    return None if found is None else whole_shape(shape_of(found)) if whole else shape_of(found)


__all__ = ["FORMATS", "LayoutFile", "check_layout", "chosen", "opened", "shape_named"]
