"""What all encoders to bytes share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Shape


class Encoder(ABC):
    """A step that makes bytes of a document; `content_type` is what they are."""

    content_type: str

    @property
    def shape(self) -> Shape | None:
        """Bytes have none."""
        return None

    def apply(self, message: Message) -> Message:
        """Return the message encoded; raises Rejected with every fault of the document."""
        if isinstance(message.body, bytes | Blob):
            raise Rejected("this message is bytes already", advice="remove the `encode:` step, or add a `decode:` before it")
        return message.with_body(self.encode(message.body), self.content_type)

    @abstractmethod
    def encode(self, body: Any) -> bytes:
        """Return a body as a file."""


def documents_of(body: Any, unit: str) -> list[Any]:
    """Return the documents of a body: a list of them, one, or a whole file as it is decoded (`{unit: [...]}`)."""
    if isinstance(body, Mapping) and set(body) == {unit} and isinstance(body[unit], list):
        body = body[unit]
    return body if isinstance(body, list) else [body]
