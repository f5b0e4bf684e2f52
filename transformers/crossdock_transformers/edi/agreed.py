"""What an agreement says of documents on their way: what is awaited, answered, and expected to follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crossdock.core.chain import Link
from crossdock.core.exchange import Dialect, Exchange
from crossdock.core.partner import Agreement

ACKNOWLEDGEMENTS: Final = frozenset({"997", "999", "TA1", "CONTRL"})
"""Documents that answer others. They are never answered themselves."""


def acknowledged(agreement: Agreement, document: str) -> bool:
    """Say whether a document is answered, or its answer awaited."""
    agreed = agreement.documents.get(document)
    return document not in ACKNOWLEDGEMENTS and (agreed is None or agreed.acknowledged)


def expected(agreement: Agreement, document: str) -> bool:
    """Say whether some other document may be waiting for this kind."""
    return any(document in one.expect for one in agreement.documents.values())


def business_keys(keys: Mapping[str, str], links: Iterable[Link]) -> dict[str, str]:
    """Return a document's business keys, the orders that it speaks of first: by these documents follow one another."""
    names = {value: name for name, value in keys.items()}
    ordered: dict[str, str] = {}
    for link in links:
        if link.reference and link.reference not in ordered.values():
            number = f" {len(ordered) + 1}" if ordered else ""
            ordered[names.get(link.reference, f"order{number}")] = link.reference
    return {**ordered, **{name: value for name, value in keys.items() if value not in ordered.values()}}


def received(dialect: Dialect, partner: str, agreement: Agreement, document: str, **rest: Any) -> Exchange:
    """Return a document that a partner sent."""
    return Exchange(dialect, "in", partner, document, **rest, **_chain(agreement, document))


def sent(dialect: Dialect, partner: str, agreement: Agreement, document: str, **rest: Any) -> Exchange:
    """Return a document that goes to a partner; its acknowledgement is awaited where a window was agreed."""
    window = agreement.ack_window if acknowledged(agreement, document) else None
    return Exchange(dialect, "out", partner, document, ack_window=window, **rest, **_chain(agreement, document))


def _chain(agreement: Agreement, document: str) -> Mapping[str, Any]:
    if not agreement.documents:
        return {}
    agreed = agreement.documents.get(document)
    return {"expect": agreed.expect if agreed else {}, "expected": expected(agreement, document)}
