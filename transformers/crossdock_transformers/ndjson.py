"""NDJSON: a JSON document in each line, read one at a time; every bad line is told and kept alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal

from pydantic import ConfigDict, Field

from crossdock.core.blob import Data
from crossdock.core.errors import Finding, Rejected
from crossdock.core.message import dump_json
from crossdock.core.spec import Context, NoOptions, Shape, Step, TransformerSpec
from crossdock.core.units import Size
from crossdock_transformers import json
from crossdock_transformers.records.encoding import Encoder, documents_of
from crossdock_transformers.records.faults import unusable
from crossdock_transformers.records.stream import Reading, Record, RecordDecode
from crossdock_transformers.records.text import LONGEST_LINE, lines
from crossdock_transformers.validate import Validator

CONTENT_TYPE: Final = "application/x-ndjson"
UNIT: Final = "records"


class DecodeOptions(Reading):
    """How NDJSON is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    SHORTHAND: ClassVar[str] = "schema"

    name: str = Field("", alias="schema", description="a schema that each document must fit; then its paths are known")
    duplicate_keys: Literal["refuse", "last"] = Field("refuse", description="what to do when an object has a key twice")
    max_record_size: Size = Field(LONGEST_LINE, description="a file with a greater document is rejected")
    max_depth: int = Field(json.MOST_DEPTH, ge=1, le=200, description="how deep lists and objects may be nested")


class NdjsonFormat:
    """Documents, one a line (`records.stream.Format`)."""

    unit = UNIT
    content_type = CONTENT_TYPE

    def __init__(self, options: DecodeOptions, context: Context) -> None:
        self._options = options
        self._validator = Validator(context.resource("schema", options.name)) if options.name else None
        own = {"duplicate_keys": options.duplicate_keys, "max_depth": options.max_depth}
        self._decode = json.JsonDecode(json.DecodeOptions.model_validate(own), context).decode

    @property
    def shape(self) -> Shape | None:
        """The schema's, where one is named."""
        schema = self._validator.schema if self._validator else None
        return schema if isinstance(schema, dict) else None

    @property
    def whole_shape(self) -> Shape | None:
        """The documents as a list, under their name."""
        shape = self.shape
        inner = {key: value for key, value in shape.items() if key not in ("$schema", "$id", "$defs")} if shape else {}
        found = {"type": "object", "properties": {UNIT: {"type": "array", "items": inner}}, "required": [UNIT]}
        return {**found, "$defs": shape["$defs"]} if shape and "$defs" in shape else found

    def whole(self, _data: Data, records: Iterator[Record]) -> Any:
        """Return the documents as a list, under their name."""
        return {UNIT: [record.body for record in records]}

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each line's document; blank lines don't count."""
        if not len(data):
            raise unusable("the file is empty", "empty")
        for number, line in enumerate(lines(data, "utf-8", self._options.max_record_size, "\n"), start=1):
            raw = line.encode("utf-8", "surrogateescape").strip()
            if raw:
                yield self._record(number, raw)

    def _record(self, number: int, raw: bytes) -> Record:
        name = f"line {number}"
        keys = {"line": str(number)}
        try:
            body = self._decode(raw)
            if self._validator is not None:
                self._validator.check(body)
        except Rejected as error:
            return Record(name, None, keys, tuple(_findings(name, error)), raw)
        return Record(name, body, keys)


def _findings(name: str, error: Rejected) -> Iterator[Finding]:
    """Yield what is wrong with a line's document, with the line's number in every place."""
    if not error.findings:
        yield Finding(error.code, error.message.replace("line 1,", f"{name},"), error.where.replace("line 1", name) or name)
    for one in error.findings:
        yield Finding(one.code, f"{one.where} {one.message}".strip(), f"{name} {one.where}".strip(), one.value)


class NdjsonEncode(Encoder):
    """Encodes a document, or a list of them, each into a line."""

    content_type = CONTENT_TYPE

    def encode(self, body: Any) -> bytes:
        """Return a body's documents as lines."""
        return b"".join(dump_json(one) + b"\n" for one in documents_of(body, UNIT))


def _decode(options: Any, context: Context) -> Step:
    return RecordDecode(NdjsonFormat(options, context), options)


def _encode(_options: Any, _context: Context) -> Step:
    return NdjsonEncode()


SPEC = TransformerSpec(
    name="ndjson",
    summary="files with a JSON document in each line; every bad line is told and kept alone",
    example="decode: { ndjson: { schema: price.v1 } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=NoOptions,
)
