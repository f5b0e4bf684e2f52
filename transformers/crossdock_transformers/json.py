"""JSON: bytes to a decoded body and back, with decimals in the place of floats.

What decoders disagree about is refused: duplicate keys, NaN and Infinity, lone surrogates, numbers too long to be exact.
Depth and size are limited.
"""

from __future__ import annotations

import json
import re
from decimal import Context as Precision
from decimal import Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any, ClassVar, Final, Literal, NoReturn

from pydantic import ConfigDict, Field

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.message import Message, dump_json
from crossdock.core.spec import Context, NoOptions, Options, Shape, Step, TransformerSpec
from crossdock.core.units import Size
from crossdock_transformers.records.encoding import Encoder

CONTENT_TYPE: Final = "application/json"
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_DEPTH: Final = 64
_NUMBERS = Precision(prec=60, Emin=-400, Emax=400, traps=[InvalidOperation, Overflow, Inexact, Subnormal])
"""What a number may be: 60 digits, exponents to 400; what is beyond raises instead of being rounded."""
_SAFE_DIGITS: Final = 18
_INT_BITS: Final = 63
_OTHERS: Final = bytes(set(range(256)) - set(b'[]{}"'))
"""All bytes but brackets and quotes."""
_STRINGS: Final = re.compile(rb'"[^"]*"')


class DecodeOptions(Options):
    """How JSON is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    SHORTHAND: ClassVar[str] = "schema"

    name: str = Field(
        "", alias="schema", description="a schema that the document must fit; then its paths are known to what follows"
    )
    duplicate_keys: Literal["refuse", "last"] = Field("refuse", description="what to do when an object has a key twice")
    max_size: Size = Field(MOST_BYTES, description="a greater document is rejected")
    max_depth: int = Field(MOST_DEPTH, ge=1, le=200, description="how deep lists and objects may be nested")


class JsonDecode:
    """Decodes bytes."""

    def __init__(self, options: DecodeOptions, context: Context) -> None:
        from crossdock_transformers.validate import Validator

        self._options = options
        self._validator = Validator(context.resource("schema", options.name)) if options.name else None
        hook = _unique if options.duplicate_keys == "refuse" else None
        self._decode = json.JSONDecoder(
            parse_float=_NUMBERS.create_decimal, parse_int=_int, parse_constant=_no_number, object_pairs_hook=hook
        ).decode

    @property
    def shape(self) -> Shape | None:
        """The schema's, where one is named."""
        schema = self._validator.schema if self._validator else None
        return schema if isinstance(schema, dict) else None

    def apply(self, message: Message) -> Message:
        """Return the message with a decoded body; raises Rejected that says what is wrong and where."""
        data = message.body
        if isinstance(data, Blob):
            self._small(len(data))
            data = data.whole()
        if not isinstance(data, bytes):
            raise Rejected("this message is decoded already", advice="remove one of the `decode:` steps")
        body = self.decode(data)
        if self._validator is not None:
            self._validator.check(body)
        return message.with_body(body)

    def decode(self, data: bytes) -> Any:
        """Return the decoded body of bytes."""
        self._small(len(data))
        _check_depth(data, self._options.max_depth)
        return _whole(_parsed(self._decode, _text(data)), data)

    def _small(self, size: int) -> None:
        if size > self._options.max_size:
            raise _rejected(f"the document has {size} bytes; {self._options.max_size} are the most", "size")


class JsonEncode(Encoder):
    """Encodes a body."""

    content_type = CONTENT_TYPE

    def encode(self, body: Any) -> bytes:
        """Return a body as JSON, decimals as plain numbers with all their digits."""
        return dump_json(body)


def _rejected(message: str, code: str = "json", where: str = "") -> Rejected:
    return Rejected(message, code=code, where=where, advice="ask the sender to correct the document")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _rejected(f"the document is not UTF-8: byte {error.start} is wrong", "encoding", f"byte {error.start}") from None


def _parsed(decode: Any, text: str) -> Any:
    try:
        return decode(text)
    except json.JSONDecodeError as error:
        raise _syntax(text, error) from None
    except DecimalException:
        raise _rejected("a number has too many digits, or is too large or too small", "number") from None
    except RecursionError:
        raise _rejected("the document is nested too deeply", "depth") from None


def _syntax(text: str, error: json.JSONDecodeError) -> Rejected:
    if not text.strip():
        return _rejected("the document is empty", "empty")
    where = f"line {error.lineno}, column {error.colno}"
    ended = error.pos >= len(text.rstrip())
    reason = "it ends too early" if ended else _REASONS.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    return _rejected(f"this is not JSON: {reason} ({where})", "syntax", where)


_REASONS: Final = {
    "Expecting value": "a value is missing or not one that JSON knows",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the key",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Extra data": "there is more after the document's end",
    "Illegal trailing comma before end of object": "there is a comma before the closing bracket",
    "Illegal trailing comma before end of array": "there is a comma before the closing bracket",
    "Unterminated string starting at": "a string has no closing quote",
    "Invalid control character at": "a string has a control character in it",
}


def _int(text: str) -> int | Decimal:
    """An int where it fits into 64 bits, as everything downstream keeps it; a decimal else."""
    if len(text) <= _SAFE_DIGITS:
        return int(text)
    number = _NUMBERS.create_decimal(text)
    value = int(number)
    return value if abs(value) >> _INT_BITS == 0 else number


def _no_number(text: str) -> NoReturn:
    raise _rejected(f"{text} is not a number in JSON", "number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise _rejected(f"an object has the key '{twice}' twice", "duplicate_key")


def _whole(body: Any, data: bytes) -> Any:
    """Refuse half of a surrogate pair: it can't be written again."""
    if b"\\ud" in data or b"\\uD" in data:
        dump_json(body)
    return body


def _check_depth(data: bytes, most: int) -> None:
    """Raise Rejected for a document that is nested too deeply, before a parser sees it.

    Few brackets can't be deep. Else the strings are taken out and empty pairs removed, a level at a time.
    """
    if data.count(b"[") + data.count(b"{") <= most:
        return
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = _STRINGS.sub(b"", unescaped.translate(None, _OTHERS))
    left = brackets
    for _ in range(most):
        if not left:
            return
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    _check_each(brackets, most)


def _check_each(brackets: bytes, most: int) -> None:
    depth = 0
    for character in brackets:
        depth += 1 if character in b"[{" else -1
        if depth > most:
            raise _rejected(f"the document is nested more than {most} levels deep", "depth")
        if depth < 0:
            return


def _decode(options: Any, context: Context) -> Step:
    return JsonDecode(options, context)


def _encode(_options: Any, _context: Context) -> Step:
    return JsonEncode()


SPEC = TransformerSpec(
    name="json",
    summary="JSON documents, with decimals in the place of floats",
    example="decode: json",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=NoOptions,
)
