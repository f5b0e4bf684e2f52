"""Bodies on their way into the journal: encoded before the transaction, stored once for all that carry the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crossdock.core.blob import Blob
from crossdock.core.message import BODY_TYPE, stored
from crossdock.runtime.journal.database import Session
from crossdock.runtime.journal.texts import clean

PLAIN = (dict, list, bytes, str, int, bool, Decimal, Blob)
"""What a message can go on from; a stream, or a document without its number, can't be kept."""


@dataclass(eq=False, slots=True)
class Document:
    """An encoded body. `payload` is its id where the journal has it already."""

    data: bytes | Blob
    content_type: str
    payload: int | None = None


@dataclass(slots=True)
class Bundle:
    """The bodies of one outcome, each different one once."""

    documents: list[tuple[Any, str, Document]] = field(default_factory=list)

    def document(self, body: Any, content_type: str) -> Document:
        """Return a body's document; the same object, or the same bytes, is the same document. Raises what `stored` raises."""
        for known, kind, document in self.documents:
            if known is body and (kind == content_type or type(body) is not bytes):
                return document
            if type(body) is bytes and type(known) is bytes and kind == content_type and known == body:
                return document
        document = document_of(body, content_type)
        self.documents.append((body, content_type, document))
        return document

    def has(self, body: Any) -> bool:
        """Say whether some document is made of this very object."""
        return any(known is body for known, _, _ in self.documents)


def document_of(body: Any, content_type: str) -> Document:
    """Return an encoded body.

    Bytes never keep the type of decoded bodies, whoever claims it for them (a stranger's header does): they would be read as one.
    """
    data, kind = stored(body, content_type)
    is_raw = isinstance(body, bytes | Blob)
    return Document(data, "application/octet-stream" if is_raw and kind == BODY_TYPE else clean(kind))


class Shelf:
    """The documents that a transaction stores; it holds on to them, since a document is known by its identity."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: dict[Document, int] = {}
        self._rows: list[tuple[int, str, bytes | Blob]] = []

    def put(self, document: Document) -> int:
        """Return the payload id under which a document is, or will be, stored."""
        if document.payload is not None:
            return document.payload
        key = self._ids.get(document)
        if key is None:
            key = self._ids[document] = self._session.payload_id()
            self._rows.append((key, document.content_type, document.data))
        return key

    def save(self) -> None:
        """Write them all."""
        if self._rows:
            self._session.payloads(self._rows)
