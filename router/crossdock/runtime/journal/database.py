"""What the journal asks of a database: transactions, and named statements inside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from crossdock.core.blob import Blob
from crossdock.runtime.journal.statements import Dialect

T = TypeVar("T")

Line = tuple[Any, ...]
"""One row of a result, or of what is to be written."""

CHUNKED_ABOVE = 256 * 1024
"""Payloads above this many bytes lie in chunks beside the table, and a batch of work doesn't drag them along."""
CHUNK = 1024 * 1024


class Session(Protocol):
    """One transaction. `now` is the database's time in ms since 1970, the same throughout."""

    @property
    def now(self) -> int:
        """The time of this transaction."""

    def all(self, name: str, /, **parameters: Any) -> list[Line]:
        """Run a statement and return its rows."""

    def run(self, name: str, /, **parameters: Any) -> int:
        """Run a statement and return how many rows it changed."""

    def many(self, name: str, rows: Iterable[Line]) -> None:
        """Run a `rows:` statement over rows (their values in the order of its header); nothing where there are none."""

    def payload_id(self) -> int:
        """Return a fresh payload id."""

    def payloads(self, rows: Sequence[tuple[int, str, bytes | Blob]]) -> None:
        """Write payloads: id, content type, data."""

    def lock(self, space: int, names: Sequence[str]) -> None:
        """Wait until no other transaction has these names locked; held until the end of this one."""

    def number(self) -> int:
        """Return a number above all that this process has returned before."""


class Database(Protocol):
    """A database that runs functions in transactions; a transaction may be run again from its start, so they must be pure."""

    @property
    def dialect(self) -> Dialect:
        """Which words it speaks."""

    @property
    def place(self) -> str:
        """Where it is, in words for people, without secrets."""

    def write(self, work: Callable[[Session], T]) -> T:
        """Run in a transaction that is durable when this returns; raises Retryable where it can't be had now."""

    def read(self, work: Callable[[Session], T]) -> T:
        """Run on one consistent view."""

    def close(self) -> None:
        """Close all idle connections."""


def chunks_of(data: bytes | Blob) -> Iterator[bytes]:
    """Yield a payload chunk by chunk."""
    if isinstance(data, Blob):
        return data.pieces(CHUNK)
    return (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
