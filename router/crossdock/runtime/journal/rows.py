"""Messages and deliveries as rows, and back."""

from __future__ import annotations

from typing import Any

from crossdock.core.blob import IN_MEMORY, Blob
from crossdock.core.journal import DeliveryWork, MessageWork
from crossdock.core.message import BODY_TYPE, Control, Message, load_held, restored
from crossdock.runtime.journal.database import CHUNK, Line, Session
from crossdock.runtime.journal.texts import clean, dump, load

NO_TEXTS = "{}"


def message_row(
    message: Message, *, state: str, at: int, payload: int | None, name: str = "", resume: int = 0, part: bool = False
) -> list[Any]:
    """Return a new message as `add_message` takes it, without its last columns: what it holds, and the error."""
    control = message.control
    return [
        message.id,
        message.causation_id,
        message.correlation_id or message.id,
        int(part),
        control.route,
        control.release,
        clean(control.source),
        control.partner,
        state,
        resume,
        int(control.answered),
        clean(name),
        dump(message.headers) if message.headers else NO_TEXTS,
        dump(message.keys) if message.keys else NO_TEXTS,
        clean(message.traceparent),
        message.received_at or at,
        at,
        0,
        0,
        payload,
        payload,
    ]


def body_of(session: Session, row: Line) -> tuple[Any, str]:
    """Return body and content type from a row that ends in payload id, content type, size and data."""
    key, kind, _, data = row[-4:]
    if key is None:
        return b"", "application/octet-stream"
    return restored(_joined(session, key, data), kind), kind


def raw_of(session: Session, row: Line) -> tuple[Any, str]:
    """Return the same, a raw document that is too big for memory as a `Blob`."""
    key, kind, size, data = row[-4:]
    if key is None or data is not None or kind == BODY_TYPE or size <= IN_MEMORY:
        return body_of(session, row)
    chunks = range(-(-size // CHUNK))
    return Blob.of(bytes(session.all("one_chunk", payload_id=key, n=n)[0][0]) for n in chunks), kind


def payload_of(session: Session, key: int) -> tuple[bytes, str]:
    """Return a payload's data and content type."""
    kind, _, data = session.all("payload", id=key)[0]
    return _joined(session, key, data), kind


def _joined(session: Session, key: int, data: bytes | None) -> bytes:
    if data is not None:
        return bytes(data)
    return b"".join(bytes(chunk) for (chunk,) in session.all("chunks", payload_id=key))


def message_of(row: Line, body: Any, content_type: str) -> Message:
    """Return a message from the columns that `load_messages` begins with."""
    name, cause, correlation, route, release, source, partner, resume, answered, headers, keys, trace, received, held = row[:14]
    return Message(
        id=name,
        body=body,
        control=Control(route, release, source, partner, resume, bool(answered)),
        content_type=content_type,
        headers=_texts(headers),
        keys=_texts(keys),
        correlation_id=correlation,
        causation_id=cause,
        traceparent=trace,
        received_at=received,
        held=load_held(held) if held else {},
    )


def _texts(text: str) -> Any:
    return {} if text == NO_TEXTS else load(text)


def message_work(session: Session, lane: str, line: Line, row: Line) -> MessageWork:
    """Return claimed work from a row of `claim_work` and one of `load_messages`."""
    seq, _, attempts, fence, first_at, _ = line
    body, kind = raw_of(session, row)
    return MessageWork(seq, lane, attempts, fence, first_at, message_of(row, body, kind))


def delivery_work(session: Session, lane: str, line: Line, row: Line) -> DeliveryWork:
    """Return claimed work from a row of `claim_work` and one of `load_deliveries`."""
    seq, _, attempts, fence, first_at, _ = line
    name, endpoint, operation, key, reply_to, file_name, place, policies, node, effect = row[:10]
    body, kind = body_of(session, row)
    return DeliveryWork(
        seq=seq,
        lane=lane,
        attempts=attempts,
        fence=fence,
        first_at=first_at,
        delivery_id=name,
        endpoint=endpoint,
        operation=operation,
        key=key or name,
        reply_to=reply_to,
        name=file_name,
        where=place,
        policies=tuple(load(policies) or ()),
        node=node,
        effect="" if effect == "refused" else effect,
        message=message_of(row[10:], body, kind),
    )
