"""The audit log: who did what, one row an act, each row sealed with the hash of the one before it.

    row n    [n, at, actor, via, role, action, subject, environment, details]     canonical: compact JSON, keys sorted, UTF-8
    hash n   sha256(hash n-1 + newline + canonical row n), in hex; before the first row it is 64 zeros

A row that was changed, moved, put in or taken out afterwards no longer fits its neighbours. What the log can't tell by itself is
that someone with the database's password wrote all of it anew: for that, exports are kept elsewhere and compared with it.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from crossdock.core.access import Actor

GENESIS = "0" * 64
"""What the first row is sealed with."""
REACH = 8
"""How many rows up and down a row that doesn't fit is looked for the place that it was written at."""
MOST_FAULTS = 50
"""After so many faults nobody reads on."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does: the journal writes it down in the transaction in which it is done. No payloads, no secrets.

    `subject` is the id of what it is done to, `details` what else a reader must know: plain JSON.
    """

    actor: Actor
    action: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row; `at` is the database's time in ms, `via` how the actor was known, `details` JSON."""

    seq: int
    at: int
    actor: str
    via: str
    role: str
    action: str
    subject: str
    environment: str
    details: str
    hash: str = ""

    def sealed(self, previous: str) -> AuditRow:
        """Return the row with its hash, given that of the row before it."""
        return replace(self, hash=self.seal(previous))

    def seal(self, previous: str) -> str:
        """Return the hash that the row must have, given that of the row before it."""
        fields = asdict(self)
        del fields["hash"]
        return hashlib.sha256(f"{previous}\n{canonical(list(fields.values()))}".encode()).hexdigest()

    def record(self) -> dict[str, Any]:
        """Return the row as exports have it: `details` as an object."""
        return {**asdict(self), "details": json.loads(self.details)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> AuditRow:
        """Return the row of an export; raises ValueError."""
        try:
            return cls(**{**record, "details": canonical(record["details"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no row of an audit log: {error}") from None


@dataclass(frozen=True, slots=True)
class Head:
    """The number and hash of the newest row; kept apart, so that rows missing at the end are noticed."""

    seq: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the log at a row."""

    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; empty fields match everything, `since` in ms, `before` a row's number. Newest first."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: int = 0
    before: int = 0
    limit: int = 100


class Audit(Protocol):
    """The log as it is read and written from outside of a transaction."""

    def write(self, act: Act) -> AuditRow:
        """Write an act that changes nothing else."""

    def search(self, sought: Sought) -> list[AuditRow]:
        """Return rows, newest first."""

    def rows(self) -> Iterator[AuditRow]:
        """Yield all rows, oldest first."""

    def verify(self) -> tuple[Head | None, list[Fault]]:
        """Return the head, and everything that is wrong with the log."""


def canonical(value: Any) -> str:
    """Return a value as the one JSON text that stands for it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def faults_of(rows: Iterable[AuditRow], head: Head | None) -> list[Fault]:
    """Return what is wrong with a log, read from its beginning: rows changed, put in, moved, or missing."""
    found: list[Fault] = []
    previous: Head | None = Head()
    for row, around in _windows(rows):
        if len(found) >= MOST_FAULTS:
            return found
        if row.seq < 1:
            found.append(Fault(row.seq, f"row {row.seq} was put in before the first one"))
            continue
        expected = previous.seq + 1 if previous else row.seq
        if row.seq != expected:
            found.append(Fault(expected, f"{_missing(expected, row.seq - 1)} missing"))
            previous = None
        if previous is not None and row.seal(previous.hash) != row.hash:
            found.append(Fault(row.seq, _misfit(row, around)))
        previous = Head(row.seq, row.hash)
    return found + list(_ending(previous or Head(), head))


def _windows(rows: Iterable[AuditRow]) -> Iterator[tuple[AuditRow, tuple[AuditRow, ...]]]:
    """Yield each row with those around it."""
    coming, ahead, behind = iter(rows), deque[AuditRow](), deque[AuditRow](maxlen=REACH)
    ahead.extend(islice(coming, REACH + 1))
    while ahead:
        row = ahead.popleft()
        yield row, (*behind, row, *ahead)
        behind.append(row)
        ahead.extend(islice(coming, 1))


def _missing(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _misfit(row: AuditRow, around: Sequence[AuditRow]) -> str:
    """Say why a row doesn't fit: it was written at another place, or nowhere as it stands."""
    seals = {GENESIS, *(near.hash for near in around)}
    for seq in range(max(1, row.seq - REACH), row.seq + REACH + 1):
        if any(replace(row, seq=seq).seal(seal) == row.hash for seal in seals):
            if seq == row.seq:
                return f"row {seq} doesn't follow the row before it: that one was changed, put in or replaced"
            return f"row {row.seq} was written as row {seq}: rows were reordered, put in before it, or taken out"
    return f"row {row.seq} is not what was written: it was changed or put in, or the one before it taken out"


def _ending(last: Head, head: Head | None) -> Iterable[Fault]:
    if head is None:
        yield Fault(last.seq, "the record of the newest row is gone: rows may be missing at the end")
    elif last.seq < head.seq:
        yield Fault(last.seq + 1, f"{_missing(last.seq + 1, head.seq)} missing at the end")
    elif last.seq > head.seq:
        yield Fault(head.seq + 1, f"everything from row {head.seq + 1} on was put in at the end")
    elif last.hash != head.hash:
        yield Fault(last.seq, f"row {last.seq} is not the newest one that was written: the end of the log was replaced")


def differences(kept: Iterable[AuditRow], rows: Iterable[AuditRow]) -> list[Fault]:
    """Return where the log differs from an export that was kept elsewhere: rows of it that are gone or are others now."""
    now = {row.seq: row.hash for row in rows}
    found = []
    for row in kept:
        if now.get(row.seq) != row.hash:
            said = "is gone" if row.seq not in now else "is another one now"
            found.append(Fault(row.seq, f"row {row.seq} of the export {said}"))
    return found[:MOST_FAULTS]
