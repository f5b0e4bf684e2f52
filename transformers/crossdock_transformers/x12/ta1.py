"""The interchange acknowledgment (TA1): whether an interchange's envelope could be used, in an interchange without groups.

    TA1 control number / date / time / A, E or R / note

Codes: A accepted, E accepted although the envelope has faults, R rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from crossdock.core.partner import X12Agreement
from crossdock_transformers.edi.grammar import Element, Segment, Use
from crossdock_transformers.edi.values import Delimiters, Unfit, check
from crossdock_transformers.x12.write import LAST_NUMBER, delimiters_of, opening

NOTES: Final = {
    "000": "no fault",
    "001": "the control numbers of header (ISA13) and trailer (IEA02) differ",
    "002": "the standard named in ISA11 is not supported",
    "003": "the version of the envelope (ISA12) is not supported",
    "004": "the segment terminator is not valid",
    "005": "the qualifier of the sender's id (ISA05) is not the agreed one",
    "006": "the sender's id (ISA06) is not known",
    "007": "the qualifier of the receiver's id (ISA07) is not the agreed one",
    "008": "the receiver's id (ISA08) is not valid",
    "009": "the receiver's id (ISA08) is not known",
    "010": "the authorization qualifier (ISA01) is not valid",
    "011": "the authorization information (ISA02) is not valid",
    "012": "the security qualifier (ISA03) is not valid",
    "013": "the security information (ISA04) is not valid",
    "014": "the date (ISA09) is not valid",
    "015": "the time (ISA10) is not valid",
    "016": "the standards id or repetition separator (ISA11) is not valid",
    "017": "the version (ISA12) is not valid",
    "018": "the control number (ISA13) is not valid",
    "019": "the wish for an acknowledgment (ISA14) is not valid",
    "020": "the usage (ISA15) is not the agreed one",
    "021": "the number of groups (IEA01) is not right",
    "022": "the envelope's structure is not valid",
    "023": "the file ends before the interchange does",
    "024": "the interchange's content is not valid, such as a GS segment",
    "025": "the interchange was received before",
    "026": "the element separator is not valid",
    "027": "the component separator is not valid",
    "028": "the date of deferred delivery is not valid",
    "029": "the time of deferred delivery is not valid",
    "030": "the time code of deferred delivery is not valid",
    "031": "the grade of service is not valid",
}
"""TA105 in words."""

SEGMENT: Final = Segment(
    "TA1",
    "interchange acknowledgment",
    (
        Use("TA101", Element("I12", "N0", 9, 9, "interchange control number"), required=True),
        Use("TA102", Element("I08", "DT", 6, 6, "interchange date"), required=True),
        Use("TA103", Element("I09", "TM", 4, 4, "interchange time"), required=True),
        Use("TA104", Element("I17", "ID", 1, 1, "verdict", {"A": "accepted", "E": "faulty", "R": "rejected"}), required=True),
        Use("TA105", Element("I18", "ID", 3, 3, "note", NOTES), required=True),
    ),
)
"""It stands in an interchange and in no transaction, so no set has it."""

_SIZE = 106


def faults_of(elements: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a TA1 that a partner sent: the element (`TA104`, `TA1` for the whole), and the reason in words."""
    if len(elements) > len(SEGMENT.uses):
        yield SEGMENT.tag, f"TA1 has {len(elements)} elements, at most {len(SEGMENT.uses)} are defined"
    texts = [*elements, *[""] * len(SEGMENT.uses)]
    for use, text in zip(SEGMENT.uses, texts, strict=False):
        assert isinstance(use.what, Element)
        if not text:
            yield use.ref, f"{use.ref} ({use.what.title}) is mandatory and is empty"
            continue
        try:
            check(use, use.what, text, Delimiters())
        except Unfit as error:
            yield use.ref, error.message


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be read of an ISA segment, however bad it is: enough to answer it."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    control: str


def glimpse(raw: bytes) -> Glimpse | None:
    """Return what an ISA segment says, or None where it has no control number that could be answered."""
    if raw[:3] != b"ISA" or len(raw) < 4:
        return None
    elements = [one.strip() for one in raw[: 2 * _SIZE].decode("latin-1").split(chr(raw[3]))][:14]
    if len(elements) < 14 or not elements[13].isdecimal() or len(elements[13]) > 9:
        return None
    names = dict(
        zip(("sender_qualifier", "sender", "receiver_qualifier", "receiver", "date", "time"), elements[5:], strict=False)
    )
    return Glimpse(**names, control=elements[13].zfill(9))


@dataclass(frozen=True, slots=True)
class Notice:
    """One TA1, ready to get its number."""

    agreement: X12Agreement
    about: Glimpse
    code: str
    note: str = "000"

    def render(self, number: int, seconds: float) -> bytes:
        """Return the interchange with a control number, dated in UTC."""
        agreement = self.agreement
        delimiters = delimiters_of(agreement)
        now = datetime.fromtimestamp(seconds, UTC)
        lines = [delimiters.element.join(segment) for segment in self._segments((number - 1) % LAST_NUMBER + 1, now)]
        ends = agreement.segment_terminator
        return (ends.join(lines) + ends[0]).encode()

    def _segments(self, number: int, now: datetime) -> Iterator[Sequence[str]]:
        about = self.about
        date = about.date if about.date.isdecimal() and len(about.date) == 6 else f"{now:%y%m%d}"
        time = about.time if about.time.isdecimal() and len(about.time) == 4 else f"{now:%H%M}"
        yield opening(self.agreement, self.agreement.version, number, now)
        yield ("TA1", about.control, date, time, self.code, self.note)
        yield ("IEA", "0", f"{number:09d}")
