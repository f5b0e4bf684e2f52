"""What a CSV file looks like: its dialect and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Options, Resource, Shape
from crossdock.core.words import nearest
from crossdock_transformers.records.stream import Reading
from crossdock_transformers.records.text import Charset
from crossdock_transformers.records.values import FieldOptions, Marks

LINES = "lines"
_NAMED = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


def _mark(value: Any) -> Any:
    text = _NAMED.get(value, value) if isinstance(value, str) else value
    if not isinstance(text, str) or len(text) > 1 or text in ("\n", "\r", "\0"):
        raise ValueError("one character is expected here, or tab, comma, semicolon, pipe or space")
    return text


Mark = Annotated[str, BeforeValidator(_mark)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed)]
"""A name, or a list of names."""


class Column(FieldOptions):
    """A column; a bare word is its type."""

    header: Names = Field(
        default_factory=list, description="what it is called in the first row, with its other names; its own name"
    )

    def named(self, name: str) -> list[str]:
        """Return what it may be called in the first row; the first is written."""
        return self.header or [name]


class CsvLayout(Options):
    """What a CSV file looks like."""

    columns: dict[str, Column] = Field(default_factory=dict, description="the columns; texts named by the first row, if left out")
    header: bool = Field(True, description="whether the first row names the columns; without it they come in the layout's order")
    delimiter: Mark = Field(",", description="what stands between cells: one character, or `tab`")
    quote: Mark = Field('"', description="what stands around cells that hold delimiters; empty for none")
    escape: Mark = Field("", description="what stands before a quote within quotes, where it is not doubled")
    encoding: Charset = Field("utf-8", description="the character set; a byte order mark overrules it")
    decimal: Literal[".", ","] = Field(".", description="the mark before decimals")
    thousands: Literal["", ".", ",", " ", "'"] = Field("", description="the mark between thousands")
    trim: bool = Field(True, description="whether blanks around values are left out")
    skip_lines: int = Field(0, ge=0, le=1000, description="how many lines come before the first row")
    comment: Mark = Field("", description="lines that begin with it are left out")
    group_by: Names = Field(default_factory=list, description="columns whose value makes rows that stand together one document")
    lines: list[str] = Field(default_factory=list, description="columns of the lines of a document; the others are its own")

    @property
    def marks(self) -> Marks:
        """The marks in numbers."""
        return Marks(self.decimal, self.thousands)

    @property
    def unit(self) -> str:
        """What a record is called."""
        return "documents" if self.group_by else "rows"

    def shape(self) -> Shape:
        """Return the shape of a record."""
        if not self.columns:
            return {"type": "object", "additionalProperties": {"type": "string"}}
        if not self.group_by:
            return _object(self.columns)
        inner = _object({name: self.columns[name] for name in self.lines})
        outer = _object({name: column for name, column in self.columns.items() if name not in self.lines})
        properties = {**outer["properties"], LINES: {"type": "array", "minItems": 1, "items": inner}}
        return {**outer, "properties": properties, "required": [*outer["required"], LINES]}

    def whole_shape(self) -> Shape:
        """Return the shape of a whole file."""
        rows = {"type": "array", "items": self.shape()}
        return {"type": "object", "properties": {self.unit: rows}, "required": [self.unit], "additionalProperties": False}


def _object(columns: Mapping[str, Column]) -> dict[str, Any]:
    properties = {name: dict(column.shape()) for name, column in columns.items()}
    required = [name for name, column in columns.items() if column.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class DecodeOptions(CsvLayout, Reading):
    """How CSV is read: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `acme-prices` is acme-prices.layout.yaml")
    extra_columns: Literal["refuse", "ignore"] = Field("refuse", description="what to do with columns that the layout hasn't")
    missing_columns: Literal["refuse", "allow"] = Field(
        "refuse", description="whether columns that aren't required may be missing"
    )
    ragged: Literal["refuse", "pad"] = Field("refuse", description="what to do with rows that are too short")
    max_lines: int = Field(10_000, ge=1, description="a document of more rows is rejected")


class EncodeOptions(CsvLayout):
    """How CSV is written: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `acme-prices` is acme-prices.layout.yaml")
    quoting: Literal["minimal", "text", "all"] = Field("minimal", description="which cells are put in quotes")
    line_end: Literal["crlf", "lf"] = Field("crlf", description="what ends a row")
    bom: bool = Field(False, description="whether a byte order mark comes first, by which spreadsheets know UTF-8")
    formulas: Literal["keep", "guard", "refuse"] = Field(
        "keep", description="what to do with texts that a spreadsheet takes for formulas; `guard` puts a ' before them"
    )


def check(layout: CsvLayout, resource: Resource, at: tuple[str, ...]) -> None:
    """Raise Refusals for what doesn't fit together, each at its place."""
    problems = [Refusal(message, place=resource.at(*at, *path)) for message, path in _misfits(layout)]
    if problems:
        raise Refusals(problems)


def _misfits(layout: CsvLayout) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if not layout.columns and not layout.header:
        yield "name the `columns`: without `header` the file doesn't say what they are", ("header",)
    if layout.delimiter in ("", layout.quote, layout.escape):
        yield "the delimiter must be a character of its own", ("delimiter",)
    if layout.decimal == layout.thousands:
        yield "decimals and thousands need different marks", ("thousands",)
    if layout.escape and layout.escape == layout.quote:
        yield "leave `escape` out: quotes are doubled", ("escape",)
    yield from _grouping(layout)
    yield from _twice(layout)


def _grouping(layout: CsvLayout) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for option in ("group_by", "lines"):
        for index, name in enumerate(getattr(layout, option)):
            if name not in layout.columns:
                yield f"there is no column '{name}'{nearest(name, layout.columns)}", (option, index)
    if bool(layout.group_by) != bool(layout.lines):
        missing, given = ("lines", "group_by") if layout.group_by else ("group_by", "lines")
        yield f"say as well which columns are `{missing}`", (given,)
    for index, name in enumerate(layout.lines):
        if name in layout.group_by:
            yield f"'{name}' groups the rows, it can't differ among them", ("lines", index)
    if layout.group_by and LINES in layout.columns:
        yield f"a document holds its rows as '{LINES}': give this column another name", ("columns", LINES)
    for name in layout.group_by:
        if name in layout.columns and not layout.columns[name].required:
            yield f"rows are grouped by '{name}': make it `required: true`", ("columns", name)


def _twice(layout: CsvLayout) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    seen: dict[str, str] = {}
    for name, column in layout.columns.items():
        for header in column.named(name):
            if header in seen:
                yield f"'{header}' is the header of '{seen[header]}' as well", ("columns", name)
            seen[header] = name


__all__ = ["LINES", "Column", "CsvLayout", "DecodeOptions", "EncodeOptions", "check"]
