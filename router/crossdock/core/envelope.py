"""The envelope of an event: CloudEvents 1.0 context attributes, which every message that an event starts has as headers.

The body stays the canonical document. Routes read the attributes as `headers.ce_subject`; `encode: cloudevents` writes them
around the document. All routes that listen to an event see the same `ce_id`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from crossdock.core.message import Message

PREFIX: Final = "ce_"
SOURCE: Final = "/routes/"
"""What a published event's `source` begins with: a URI reference, to be resolved against the address of who publishes it."""


def event_headers(number: str, type_: str, parent: Message, keys: Sequence[str], at: int) -> Mapping[str, str]:
    """Return the attributes of an event that a message publishes.

    `number` is the event's id; `keys` are the names of the business keys that the parent's route gives: the first is the
    `subject`, or that of the event which started the parent. `at` is in ms since 1970.
    """
    subject = next((parent.keys[name] for name in keys if parent.keys.get(name)), parent.headers.get(f"{PREFIX}subject", ""))
    found = {
        "id": number,
        "source": f"{SOURCE}{parent.control.route}",
        "type": type_,
        "time": rfc3339(at),
        "subject": subject,
        "partner": parent.control.partner,
        "correlationid": parent.correlation_id,
        "causationid": parent.id,
    }
    return {PREFIX + name: value for name, value in found.items() if value}


def rfc3339(at: int) -> str:
    """Return a moment in ms since 1970 as RFC 3339 has it, in UTC."""
    moment = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{at % 1000:03d}Z"
