"""Files of records as decode steps give them: a stream that the route splits, or the whole as one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Literal, Protocol

from pydantic import Field

from crossdock.core.blob import Blob, Data, data_of
from crossdock.core.errors import Finding, Rejected
from crossdock.core.message import Message
from crossdock.core.outcome import Claim, Closing
from crossdock.core.spec import Options, Part, Shape
from crossdock.core.units import Size
from crossdock_transformers.records.faults import MOST_FINDINGS, rejected, unusable

MOST_RECORDS: Final = 1_000_000
MOST_BYTES: Final = 20 * 1024**2


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its decoded body, or its faults and the bytes that can be repaired and read again by the same step."""

    name: str
    body: Any
    keys: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    raw: bytes = b""

    def part(self, content_type: str) -> Part:
        """Return it as a part of the message."""
        if not self.findings:
            return Part(self.body, self.keys)
        return Part(None, self.keys, rejected(self.name, self.findings), self.raw, content_type)


class Reading(Options):
    """What all formats of records let a route say of how a file is taken."""

    whole: bool = Field(False, description="take the file as one document, instead of a stream of records to `split`")
    rejects: Literal["record", "file"] = Field(
        "record", description="what a bad record rejects: itself alone, or the whole file (a file taken whole always)"
    )
    max_records: int = Field(MOST_RECORDS, ge=1, description="a file with more records is rejected")
    max_size: Size = Field(MOST_BYTES, description="a greater file is rejected where it is taken whole")


class Format(Protocol):
    """A format of records, set up as a route says."""

    @property
    def unit(self) -> str:
        """What its records are called: `rows`."""

    @property
    def content_type(self) -> str:
        """The content type of a file, and of a record that is kept as it came."""

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each record, bad ones with their faults; raises Rejected where the file can't be read on."""

    def whole(self, data: Data, records: Iterator[Record]) -> Any:
        """Return the file as one document, made of its good records."""

    @property
    def shape(self) -> Shape | None:
        """What is known of a record."""

    @property
    def whole_shape(self) -> Shape | None:
        """What is known of a file that is taken whole."""


class RecordDecode:
    """Decodes a file of records; one of any size is read one record at a time (`reads_blobs`), but where it is taken whole.

    `unit` is what a route splits by: `split: rows`.
    """

    reads_blobs: Final = True

    def __init__(self, form: Format, reading: Reading) -> None:
        self._form = form
        self._reading = reading
        self.unit = "" if reading.whole else form.unit

    @property
    def shape(self) -> Shape | None:
        """The shape of a record, or of the whole."""
        return self._form.whole_shape if self._reading.whole else self._form.shape

    def apply(self, message: Message) -> Message:
        """Return the message with a stream of records as its body, or with the whole; raises Rejected.

        The beginning of a stream is read at once, so that a file that is nothing of its format fails as a whole.
        """
        if not isinstance(message.body, bytes | Blob):
            raise Rejected("this message is decoded already", advice="remove one of the `decode:` steps")
        data = data_of(message.body)
        if self._reading.whole:
            return message.with_body(self.whole(data))
        if self._reading.rejects == "file":
            for _ in _all_good(self._counted(data), self._form.unit):
                pass
        begun = self._counted(data)
        first = next(begun, None)
        whole = chain(() if first is None else (first,), begun)
        return message.with_body(Records(self._form, lambda: self._counted(data), whole), self._form.content_type)

    def whole(self, data: Data) -> Any:
        """Return a file as one document; raises Rejected with the faults of all its records."""
        if len(data) > self._reading.max_size:
            raise unusable(f"the file has {len(data)} bytes; {self._reading.max_size} are the most (option `max_size`)", "size")
        return self._form.whole(data, _all_good(self._counted(data), self._form.unit))

    def _counted(self, data: Data) -> Iterator[Record]:
        most = self._reading.max_records
        for number, record in enumerate(self._form.records(data), start=1):
            if number > most:
                raise unusable(f"the file has more than {most} {self._form.unit} (option `max_records`)", "records")
            yield record


def _all_good(records: Iterator[Record], unit: str) -> Iterator[Record]:
    """Yield good records; at the end raise Rejected with all faults of the bad ones."""
    findings: list[Finding] = []
    bad = 0
    for record in records:
        if record.findings:
            bad += 1
            findings += record.findings if len(findings) <= MOST_FINDINGS else ()
        elif not bad:
            yield record
    if bad:
        raise rejected(f"the file ({bad} bad {unit})", findings, advice="ask the sender for a corrected file")


class Records:
    """The records of a file (`core.spec.Stream`); one at a time is in memory. `begun` is a first pass that has been begun."""

    def __init__(self, form: Format, records: Callable[[], Iterator[Record]], begun: Iterator[Record] | None = None) -> None:
        self._begun = begun
        self.unit = form.unit
        self._content_type = form.content_type
        self._records = records

    @property
    def claims(self) -> tuple[Claim, ...]:
        """None: such files have no number that may be used once."""
        return ()

    def parts(self) -> Iterator[Part]:
        """Yield each record, decoded or with its error; a file that can't be read on is the last, bad part."""
        found, self._begun = self._begun, None
        try:
            for record in found or self._records():
                yield record.part(self._content_type)
        except Rejected as error:
            yield Part(None, {}, error, b"", self._content_type)

    def finish(self) -> Closing:
        """Nothing is answered."""
        return Closing()

    def refuse(self, _claim: Claim) -> Closing:
        """Nothing is answered."""
        return Closing()


__all__ = ["MOST_RECORDS", "Format", "Reading", "Record", "RecordDecode", "Records"]
