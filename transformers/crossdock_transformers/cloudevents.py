"""CloudEvents 1.0: an event with its envelope, to another system and from one.

    encode: { cloudevents: { source: "https://esb.distributor.example", schema: order.v1 } }      # structured mode, JSON format
    decode: { cloudevents: { types: [order.placed], schema: order.v1 } }                           # or `mode: binary`

Inside, an event is its document; its attributes are the headers `ce_id`, `ce_type`, ... (see `core.envelope`). What is written
and what is read follow the specification: attributes, their types, the names of extensions, `data` or `data_base64`.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import unquote_to_bytes

from pydantic import ConfigDict, Field

from crossdock.core.envelope import PREFIX, SOURCE, rfc3339
from crossdock.core.errors import Finding, Refusal, Rejected
from crossdock.core.message import Message, dump_json
from crossdock.core.spec import Context, Expression, Options, Shape, Step, TransformerSpec
from crossdock_transformers.json import DecodeOptions as JsonOptions
from crossdock_transformers.json import JsonDecode

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
VERSION: Final = "1.0"
REQUIRED: Final = ("id", "source", "specversion", "type")
_EVENT: Final = "event:"
"""How the source of a message begins that an event started."""
_EXTENSIONS: Final = ("partner", "correlationid", "causationid")
_NAME: Final = re.compile(r"[a-z0-9]+")
_URI_REFERENCE: Final = re.compile(r"(?:[^\s\"<>\\^`{|}%\x00-\x1f\x7f-\U0010ffff]|%[0-9A-Fa-f]{2})+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_MEDIA: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(?:;.*)?")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INTEGERS: Final = 2**31


class EncodeOptions(Options):
    """How an event is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: str = Field("", description="the address of who publishes, which the event's `source` and `dataschema` begin with")
    type: str = Field("", description="the event's type, where no event started the route, or another name for it outside")
    subject: str = Field(
        "", description="an expression for `subject`; the first business key of the publishing route where absent"
    )
    name: str = Field("", alias="schema", description="the schema of the document: it must fit, and is named as `dataschema`")


class DecodeOptions(Options):
    """How an event is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    mode: Literal["structured", "binary"] = Field(
        "structured",
        description="`binary`: the attributes are headers (`ce-id`), which the webhook must keep; the body is the data",
    )
    types: tuple[str, ...] = Field((), description="the types that are taken; any where nothing is said")
    name: str = Field("", alias="schema", description="a schema that the data must fit; then its paths are known to what follows")


class CloudEventsEncode:
    """Writes structured mode in the JSON format."""

    shape: Shape | None = None

    def __init__(self, options: EncodeOptions, context: Context) -> None:
        from crossdock_transformers.validate import Validator

        if options.source and not (_URI.fullmatch(options.source) and _URI_REFERENCE.fullmatch(options.source)):
            raise Refusal(f"'{options.source}' is not a whole address, such as https://esb.distributor.example", path=("source",))
        self._options = options
        self._validator = Validator(context.resource("schema", options.name)) if options.name else None
        self._subject = _expression(options.subject, context)

    def apply(self, message: Message) -> Message:
        """Return the message as an event; raises Rejected where it does not fit its schema, or nothing says the type."""
        if self._validator is not None and not isinstance(message.body, bytes):
            self._validator.check(message.body)
        event = {"specversion": VERSION, **self._attributes(message), **_data(message)}
        return message.with_body(dump_json(event), CONTENT_TYPE)

    def _attributes(self, message: Message) -> dict[str, str]:
        known = {name.removeprefix(PREFIX): value for name, value in message.headers.items() if name.startswith(PREFIX)}
        base = self._options.source.rstrip("/")
        source = known.get("source") or f"{SOURCE}{message.control.route}"
        found = {
            "id": known.get("id") or message.id,
            "source": f"{base}{source}" if source.startswith("/") else source,
            "type": self._type(message, known),
            "subject": self._said_subject(message) or known.get("subject", ""),
            "time": known.get("time") or rfc3339(message.received_at),
            "dataschema": f"{base or 'urn:crossdock'}{'/schemas/' if base else ':schema:'}{self._options.name}"
            if self._options.name
            else "",
            "partner": message.control.partner,
            "correlationid": message.correlation_id,
            "causationid": message.causation_id,
            "traceparent": message.traceparent,
            **{name: known[name] for name in known if name in _EXTENSIONS},
        }
        return {name: value for name, value in found.items() if value}

    def _type(self, message: Message, known: Mapping[str, str]) -> str:
        published = message.control.source.removeprefix(_EVENT) if message.control.source.startswith(_EVENT) else ""
        found = self._options.type or known.get("type") or published
        if not found:
            raise Rejected("nothing says what type of event this is", advice="no event started this route: give `type:`")
        return found

    def _said_subject(self, message: Message) -> str:
        from crossdock.core.program import variables

        if self._subject is None:
            return ""
        value = self._subject.evaluate(variables(message))
        return "" if value is None else str(value)


def _expression(text: str, context: Context) -> Expression | None:
    from crossdock.core.program import variable_shapes

    return context.expressions.compile(text, context.place, variable_shapes(context.shape)) if text else None


def _data(message: Message) -> dict[str, Any]:
    """Return the members that carry the data: JSON as it is, anything else in base64 with its content type."""
    if not isinstance(message.body, bytes):
        return {"datacontenttype": "application/json", "data": message.body}
    return {"datacontenttype": message.content_type, "data_base64": b64encode(message.body).decode()}


class CloudEventsDecode:
    """Reads one event: its data becomes the body, its attributes headers."""

    def __init__(self, options: DecodeOptions, context: Context) -> None:
        from crossdock_transformers.validate import Validator

        self._options = options
        self._validator = Validator(context.resource("schema", options.name)) if options.name else None
        self._json = JsonDecode(JsonOptions.model_validate({}), context)

    @property
    def shape(self) -> Shape | None:
        """The schema's, where one is named."""
        schema = self._validator.schema if self._validator else None
        return schema if isinstance(schema, dict) else None

    def apply(self, message: Message) -> Message:
        """Return the message with the event's data; raises Rejected with every attribute that is not allowed."""
        if not isinstance(message.body, bytes):
            raise Rejected("this message is decoded already", advice="remove one of the `decode:` steps")
        attributes, body = self._binary(message) if self._options.mode == "binary" else self._structured(message.body)
        _check(attributes)
        if self._options.types and attributes["type"] not in self._options.types:
            known = ", ".join(self._options.types)
            raise _rejected(f"events of type '{attributes['type']}' are not taken here, only: {known}", "type")
        if self._validator is not None:
            self._validator.check(body)
        kept = {name: value for name, value in message.headers.items() if not name.startswith(PREFIX)}
        said = {f"{PREFIX}{name}": _text(value) for name, value in attributes.items() if name != "specversion"}
        return message.with_only_headers({**kept, **said}).with_body(body)

    def _structured(self, data: bytes) -> tuple[dict[str, Any], Any]:
        event = self._json.decode(data)
        if isinstance(event, list):
            raise _rejected("this is a batch of events; they are taken one by one", "batch")
        if not isinstance(event, Mapping):
            raise _rejected("an event in the JSON format is an object", "event")
        if "data" in event and "data_base64" in event:
            raise _rejected("an event has `data` or `data_base64`, not both", "data")
        attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64") and value is not None}
        if "data_base64" in event:
            return attributes, self._parsed(_unpacked(event["data_base64"]), str(attributes.get("datacontenttype", "")))
        return attributes, event.get("data")

    def _binary(self, message: Message) -> tuple[dict[str, Any], Any]:
        headers = {name.lower(): value for name, value in message.headers.items()}
        attributes: dict[str, Any] = {
            name[3:]: unquote_to_bytes(value).decode("utf-8", "replace")
            for name, value in headers.items()
            if name.startswith("ce-")
        }
        kind = headers.get("content-type") or message.content_type
        return {**attributes, "datacontenttype": kind}, self._parsed(message.body, kind) if message.body else None

    def _parsed(self, data: bytes, kind: str) -> Any:
        """Return JSON data decoded, any other as it is."""
        return self._json.decode(data) if _is_json(kind) else data


def _is_json(kind: str) -> bool:
    media = kind.partition(";")[0].strip().lower()
    return media in ("", "application/json", "text/json") or media.endswith("+json")


def _unpacked(text: Any) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (BadBase64, TypeError, ValueError):
        raise _rejected("`data_base64` is not base64", "data") from None


def _check(attributes: Mapping[str, Any]) -> None:
    findings = list(_faults(attributes))
    if findings:
        first = findings[0]
        raise Rejected(
            f"this is not a CloudEvent 1.0: {first.where} {first.message}",
            code="cloudevents",
            where=first.where,
            advice="ask the sender to correct the event",
            findings=findings,
        )


def _faults(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    yield from (Finding("required", "is missing", name) for name in REQUIRED if name not in attributes)
    for name, value in attributes.items():
        if not _NAME.fullmatch(name):
            yield Finding("name", "is no name for an attribute: small letters and digits only", name[:60])
        elif name in _RULES:
            wanted, holds = _RULES[name]
            if not isinstance(value, str) or not holds(value):
                yield Finding("value", f"must be {wanted}, not {str(value)[:60]!r}", name)
        elif not _is_scalar(value):
            yield Finding("value", "must be a text, a whole number of 32 bits or true or false", name)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return -_INTEGERS <= value < _INTEGERS
    return isinstance(value, bool) or _is_text(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not _CONTROL.search(value)


def _is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value.upper()))
    except ValueError:
        return False
    return True


_RULES: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "id": ("a text", lambda value: bool(value) and _is_text(value)),
    "source": ("a URI or a reference to one", lambda value: bool(_URI_REFERENCE.fullmatch(value))),
    "specversion": ("'1.0'", lambda value: value == VERSION),
    "type": ("a text", lambda value: bool(value) and _is_text(value)),
    "datacontenttype": ("a media type, such as application/json", lambda value: bool(_MEDIA.fullmatch(value))),
    "dataschema": ("a URI", lambda value: bool(_URI.fullmatch(value) and _URI_REFERENCE.fullmatch(value))),
    "subject": ("a text", lambda value: bool(value) and _is_text(value)),
    "time": ("a moment such as 2026-11-23T08:00:00Z", _is_time),
}


def _text(value: Any) -> str:
    """Return an attribute as the specification writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rejected(message: str, where: str) -> Rejected:
    return Rejected(message, code="cloudevents", where=where, advice="ask the sender to correct the event")


def _encode(options: Any, context: Context) -> Step:
    return CloudEventsEncode(options, context)


def _decode(options: Any, context: Context) -> Step:
    return CloudEventsDecode(options, context)


SPEC = TransformerSpec(
    name="cloudevents",
    summary="Events in the envelope of CloudEvents 1.0: structured mode written, structured and binary mode read",
    example='encode: { cloudevents: { source: "https://esb.distributor.example", schema: order.v1 } }',
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
)
