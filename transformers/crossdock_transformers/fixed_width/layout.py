"""What a fixed-width file looks like: its records, how they nest, and where their fields are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Options, Resource, Shape
from crossdock.core.words import nearest
from crossdock_transformers.records.stream import Reading
from crossdock_transformers.records.text import Charset
from crossdock_transformers.records.values import FieldOptions

UNIT = "records"
_NUMBERS = ("integer", "decimal")


class FixedField(FieldOptions):
    """A field: its place in the record, and its type."""

    length: int = Field(ge=1, le=100_000, description="how many characters it has")
    start: int | None = Field(
        None, ge=1, description="at which character it begins, from 1; after the field before it, if left out"
    )
    decimals: int | None = Field(
        None, ge=0, le=30, description="how many of a number's digits stand after the mark that isn't written"
    )
    sign: Literal["leading", "trailing", "zoned", "none"] = Field(
        "leading", description="where a number's minus stands; `zoned` has it in the last digit, as COBOL does"
    )
    align: Literal["left", "right"] | None = Field(None, description="where the value stands; numbers right, all else left")
    pad: str | None = Field(None, min_length=1, max_length=1, description="what fills the rest; numbers 0, all else a blank")
    value: str = Field("", description="what always stands there; it is checked, written, and left out of the body")
    counts: str = Field("", description="the number of records of this name (or `records`: all of them) is checked and written")

    @property
    def padding(self) -> str:
        """What fills the rest."""
        return self.pad if self.pad is not None else "0" if self.type in _NUMBERS else " "

    @property
    def right(self) -> bool:
        """Whether the value stands right."""
        return self.align == "right" if self.align else self.type in _NUMBERS

    @property
    def pattern(self) -> str:
        """How dates and times are written: without marks, where nothing else is said."""
        short = {
            ("date", 8): "%Y%m%d",
            ("date", 6): "%y%m%d",
            ("time", 6): "%H%M%S",
            ("time", 4): "%H%M",
            ("datetime", 14): "%Y%m%d%H%M%S",
        }
        return self.format or short.get((self.type, self.length)) or super().pattern


class FixedRecord(Options):
    """A record: what it is known by, its fields, and the records below it."""

    known_by: str = Field("", alias="is", description="what stands at the discriminator")
    many: bool = Field(False, description="whether there may be several; then they are a list, always")
    required: bool = Field(False, description="whether there must be one")
    fields: dict[str, FixedField] = Field(default_factory=dict, description="the fields, in their order")
    records: dict[str, FixedRecord] = Field(default_factory=dict, description="the records that follow it and belong to it")


class Discriminator(Options):
    """Where each record says what it is."""

    start: int = Field(1, ge=1, description="the first character, from 1")
    length: int = Field(ge=1, le=100, description="how many characters")


class FixedLayout(Options):
    """What a file looks like."""

    encoding: Charset = Field("utf-8", description="the character set; cp037 and cp500 are EBCDIC")
    length: int | None = Field(None, ge=1, le=100_000, description="how many characters each record has")
    line_ends: bool = Field(True, description="whether records stand in lines; without, each has `length` characters")
    decimal: Literal[".", ","] = Field(".", description="the mark in decimals that have one")
    discriminator: Discriminator | None = Field(None, description="where each record says what it is; only one kind without it")
    split: str = Field("", description="the record that makes a document, with all below it; the only one there is, if left out")
    records: dict[str, FixedRecord] = Field(default_factory=dict, description="the records, outermost ones first")

    @property
    def parted(self) -> str:
        """The record that makes a document."""
        return self.split or next((name for name, one in self.records.items() if one.many or len(self.records) == 1), "")

    def shape(self) -> Shape:
        """Return the shape of a document: the record's fields, what is below it, and the single records before it."""
        parted = self.records[self.parted]
        found = record_shape(parted)
        before = {name: one for name, one in self.records.items() if name in self.before}
        required = [name for name, one in before.items() if one.required]
        properties = {**{name: record_shape(one) for name, one in before.items()}, **found["properties"]}
        return {**found, "properties": properties, "required": [*required, *found["required"]]}

    @property
    def before(self) -> list[str]:
        """The single records that come before documents, and are in each of them."""
        names = list(self.records)
        return [name for name in names[: names.index(self.parted)] if not self.records[name].many]

    def whole_shape(self) -> Shape:
        """Return the shape of a whole file."""
        return _object({}, self.records)


def record_shape(record: FixedRecord) -> dict[str, Any]:
    """Return the shape of a record and all below it."""
    return _object(record.fields, record.records)


def _object(fields: Mapping[str, FixedField], records: Mapping[str, FixedRecord]) -> dict[str, Any]:
    plain = {name: one for name, one in fields.items() if not one.value}
    properties: dict[str, Any] = {name: dict(one.shape()) for name, one in plain.items()}
    for name, record in records.items():
        inner = record_shape(record)
        properties[name] = {"type": "array", "items": inner} if record.many else inner
    required = [name for name, one in (plain | dict(records)).items() if one.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class DecodeOptions(FixedLayout, Reading):
    """How a file is read: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `wms-shipments` is wms-shipments.layout.yaml")
    max_document: int = Field(100_000, ge=1, description="a document of more records is rejected")


class EncodeOptions(FixedLayout):
    """How a file is written: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `wms-shipments` is wms-shipments.layout.yaml")
    line_end: Literal["crlf", "lf"] = Field("lf", description="what ends a record, where they stand in lines")


def check(layout: FixedLayout, resource: Resource, at: tuple[str | int, ...]) -> None:
    """Raise Refusals for what doesn't fit together, each at its place."""
    found = [*_of_file(layout), *_of_records(layout, layout.records, ("records",), {})]
    if found:
        raise Refusals([Refusal(message, place=resource.at(*at, *path)) for message, path in found])


Misfit = tuple[str, tuple[str | int, ...]]


def _of_file(layout: FixedLayout) -> Iterator[Misfit]:
    if not layout.records:
        yield "say what `records` there are", ()
    if not layout.line_ends and layout.length is None:
        yield "without `line_ends` say which `length` records have", ("line_ends",)
    if layout.split and layout.split not in layout.records:
        yield f"there is no record '{layout.split}' among the outermost ones{nearest(layout.split, layout.records)}", ("split",)
    elif layout.records and not layout.parted:
        yield "say which record makes a document: `split`", ()
    several = sum(1 for _ in walked(layout.records))
    if several > 1 and layout.discriminator is None:
        yield "there are several records: say by which characters they are told apart, `discriminator`", ("records",)


def walked(records: Mapping[str, FixedRecord]) -> Iterator[tuple[str, FixedRecord]]:
    """Yield every record with its name, those below included."""
    for name, record in records.items():
        yield name, record
        yield from walked(record.records)


def _of_records(
    layout: FixedLayout, records: Mapping[str, FixedRecord], path: tuple[str | int, ...], seen: dict[str, str]
) -> Iterator[Misfit]:
    for name, record in records.items():
        at = (*path, name)
        if layout.discriminator is not None:
            if len(record.known_by) > layout.discriminator.length or not record.known_by:
                yield (
                    f"say what stands at the discriminator of '{name}': `is`, {layout.discriminator.length} characters at most",
                    at,
                )
            elif record.known_by in seen:
                yield f"'{record.known_by}' is what '{seen[record.known_by]}' is known by as well", (*at, "is")
            seen.setdefault(record.known_by, name)
        yield from _of_fields(layout, record, at)
        yield from _of_records(layout, record.records, (*at, "records"), seen)


def _of_fields(layout: FixedLayout, record: FixedRecord, at: tuple[str | int, ...]) -> Iterator[Misfit]:
    names = {name for name, _ in walked(layout.records)} | {UNIT}
    taken: list[tuple[int, int, str]] = []
    if layout.discriminator is not None:
        taken.append(
            (layout.discriminator.start - 1, layout.discriminator.start - 1 + layout.discriminator.length, "the discriminator")
        )
    for name, (start, end) in spans(layout, record).items():
        field, place = record.fields[name], (*at, "fields", name)
        other = next((what for begins, ends, what in taken if start < ends and begins < end), "")
        if other:
            yield f"{name} stands where {other} is (characters {start + 1} to {end})", place
        taken.append((start, end, name))
        if layout.length is not None and end > layout.length:
            yield f"{name} ends at character {end}, the record has {layout.length}", place
        if field.counts and field.counts not in names:
            yield f"there is no record '{field.counts}'{nearest(field.counts, names)}", (*place, "counts")
        if (field.counts or field.decimals is not None) and field.type not in _NUMBERS:
            yield "`counts` and `decimals` are for numbers", place
        if len(field.value) > field.length:
            yield f"`value` has {len(field.value)} characters, the field {field.length}", (*place, "value")
        if name in record.records:
            yield f"a record below is called '{name}' as well", place


def spans(layout: FixedLayout, record: FixedRecord) -> dict[str, tuple[int, int]]:
    """Return where each field of a record begins and ends, from 0."""
    mark = layout.discriminator
    at = mark.start - 1 + mark.length if mark is not None and mark.start == 1 else 0
    found: dict[str, tuple[int, int]] = {}
    for name, field in record.fields.items():
        start = field.start - 1 if field.start is not None else at
        found[name] = (start, start + field.length)
        at = start + field.length
    return found


__all__ = ["UNIT", "DecodeOptions", "EncodeOptions", "FixedField", "FixedLayout", "FixedRecord", "check", "spans", "walked"]
