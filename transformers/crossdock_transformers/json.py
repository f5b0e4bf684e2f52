"""`json`: decodes JSON into a body, and encodes a body as JSON.

Numbers with a fraction or an exponent become Decimal, never float. Refused, each with line and column: what isn't JSON, duplicate
keys, NaN and Infinity, what is nested too deep, bytes that aren't UTF-8.
"""

from __future__ import annotations

import json as stdlib_json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from crossdock.core.errors import Rejected
from crossdock.core.message import Message, Numbered, dump_json
from crossdock.core.spec import Context, NoOptions, Options, Shape, TransformerSpec
from crossdock.core.units import Size

CONTENT_TYPE = "application/json"
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class JsonOptions(Options):
    """How JSON is read."""

    SHORTHAND: ClassVar[str] = "schema_name"
    model_config = ConfigDict(populate_by_name=True)

    schema_name: str = Field("", alias="schema", description="what the body looks like: lets the lint check maps and conditions")
    most_depth: int = Field(64, ge=1, le=200, description="how deep lists and objects may be nested")
    most_bytes: Size = Field(50 * 1024**2, description="how large a document may be")
    duplicate_keys: bool = Field(False, description="let the last of two same keys win, in place of refusing both")


@dataclass(frozen=True)
class DecodeJson:
    """The step."""

    options: JsonOptions
    shape: Shape | None = None

    def apply(self, message: Message) -> Message:
        """Return the message with its bytes decoded."""
        data = message.body
        if not isinstance(data, bytes):
            raise Rejected("there is nothing to decode: the body isn't bytes any more")
        return message.with_body(decode(data, self.options))


def decode(data: bytes, options: JsonOptions) -> Any:
    """Return what a JSON document says; raises Rejected with line and column."""
    if len(data) > options.most_bytes:
        raise Rejected(f"this document has {len(data):,} bytes; at most {options.most_bytes:,} are taken", code="too_large")
    if not data.strip():
        raise Rejected("this document is empty", code="empty")
    _check_depth(data, options.most_depth)
    try:
        text = data.decode("utf-8-sig")
        return stdlib_json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_pairs(options))
    except UnicodeDecodeError as error:
        raise Rejected(
            f"this isn't UTF-8: byte 0x{data[error.start]:02x} can't stand there", code="encoding", where=_at(data, error.start)
        ) from None
    except stdlib_json.JSONDecodeError as error:
        raise Rejected(
            f"this isn't JSON: {_said(error.msg)}", code="syntax", where=f"line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError as error:
        raise Rejected(f"this JSON can't be taken: {error}", code="syntax") from None


def _check_depth(data: bytes, most: int) -> None:
    """Refuse what is nested too deep before it is parsed: cheap for what isn't."""
    if data.count(b"[") + data.count(b"{") <= most:
        return
    depth = 0
    for found in _BRACKETS.finditer(data):
        mark = found.group()
        if mark in (b"[", b"{"):
            depth += 1
            if depth > most:
                where = _at(data, found.start())
                raise Rejected(f"this is nested deeper than {most} levels", code="too_deep", where=where)
        elif mark in (b"]", b"}"):
            depth -= 1


def _at(data: bytes, offset: int) -> str:
    line, start = data.count(b"\n", 0, offset) + 1, data.rfind(b"\n", 0, offset)
    return f"line {line}, column {offset - start}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _said(message: str) -> str:
    return message[0].lower() + message[1:]


def _pairs(options: JsonOptions) -> Any:
    return None if options.duplicate_keys else _unique


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' is there twice")
    return found


@dataclass(frozen=True)
class EncodeJson:
    """The step."""

    shape: Shape | None = None

    def apply(self, message: Message) -> Message:
        """Return the message with its body as JSON bytes."""
        if isinstance(message.body, bytes | Numbered):
            raise Rejected("there is nothing to encode: the body is bytes already")
        return message.with_body(dump_json(message.body), CONTENT_TYPE)


def _decode(options: JsonOptions, context: Context) -> DecodeJson:
    shape = context.resource("schema", options.schema_name).data if options.schema_name else None
    return DecodeJson(options, shape)


def _encode(_: NoOptions, __: Context) -> EncodeJson:
    return EncodeJson()


SPEC = TransformerSpec(
    name="json",
    summary="JSON in and out; numbers stay exact",
    example="decode: { json: { schema: shop-order } }",
    options=JsonOptions,
    decode=_decode,
    encode=_encode,
    encode_options=NoOptions,
)
