"""Envelopes as partners really send them: several in a file, wrapped, cut off, with binary segments, greater than memory."""

from __future__ import annotations

import pytest

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock_transformers import x12
from crossdock_transformers.x12.envelope import survey
from tests.transformers.x12 import x12_kit as kit

GOOD = kit.file(kit.ORDER)
TWO = kit.interchange(kit.group(kit.transaction(), kit.transaction(control="0002")))


def errors(data: bytes, **options: object) -> list[str | None]:
    """Return the code of each transaction's error."""
    return [part.error and part.error.code for part in kit.parts(data, **options)]


def test_several_interchanges_have_delimiters_of_their_own() -> None:
    """Each says in its ISA segment what separates."""
    other = GOOD.replace(b"4711", b"4712").replace(b"*", b"|").replace(b"~", b"\n").replace(b">", b":")
    assert [None, None] == errors(GOOD + other)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        b" \r\n\r\n" + GOOD,
        GOOD.replace(b"~", b"~\n"),
        GOOD.replace(b"~", b"~\r\n"),
        GOOD.replace(b"~", b"\n"),
        GOOD.replace(b"~", b"\r\n"),
        GOOD.replace(b"~", b"\r"),
        GOOD + b"\r\n \x1a",
        GOOD + b"\x00" * 50,
    ],
    ids=["BOM", "blanks", "~ LF", "~ CRLF", "LF", "CRLF", "CR", "end of file", "zeros"],
)
def test_what_stands_around_segments_does_no_harm(data: bytes) -> None:
    """And there is nothing to remark."""
    stream = kit.decoded(data)
    assert [None] == [part.error for part in stream.parts()]
    assert stream.finish().note == ""


BINARY = b"~BIN*23*a~SE*9*0001~GE*1*1~IEA*~BDS*B64*7*~ST*~x*"


def test_a_binary_segment_may_hold_any_delimiter() -> None:
    """Its length says where it ends: what looks like an envelope inside is none."""
    data = TWO.replace(b"~CTT*2", BINARY + b"~CTT*2", 1)
    (interchange,) = survey(data).interchanges
    assert [2] == [group.size for group in interchange.groups]
    first, second = (data[start:end] for start, end in interchange.groups[0].transactions())
    assert (1, b"~SE*11*0001~", b"ST*850*0002") == (first.count(b"GE*1*1"), first[-12:], second[:11])


def test_a_binary_segment_with_a_wrong_length_costs_its_transaction_only() -> None:
    """The others go on."""
    data = TWO.replace(b"~CTT*2", b"~BIN*99999*abc~CTT*2", 1)
    assert ["AK304-1", None] == errors(data)


CUT = TWO[: TWO.index(b"GE*")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CUT, [None, None]),
        (TWO[: TWO.index(b"IEA*")], [None, None]),
        (TWO.replace(b"GE*2*4711~", b""), [None, None]),
        (TWO[: TWO.rindex(b"PID*")], [None, "AK502-2"]),
        (CUT + GOOD.replace(b"4711", b"4712"), [None, None, None]),
    ],
    ids=["neither", "no IEA", "no GE", "cut in a transaction", "another interchange follows"],
)
def test_what_is_whole_of_a_file_without_its_end_goes_on_where_that_is_let_pass(data: bytes, expected: list[str | None]) -> None:
    """Strict reading refuses it; a transaction without its SE is never taken."""
    assert expected == errors(data, tolerate=["missing_trailers"])
    remarks = kit.decoded(data, tolerate=["missing_trailers"]).finish().remarks
    assert {"missing_trailers"} == {one.code for one in remarks}


@pytest.mark.parametrize("data", [CUT, TWO[: TWO.index(b"IEA*")]])
def test_a_file_without_its_end_is_refused_as_a_whole_in_strict_reading(data: bytes) -> None:
    """Half of an order file is worse than none: nobody knows what else was in it."""
    with pytest.raises(Rejected, match="is cut off: it has no IEA"):
        kit.decoded(data)


def test_a_document_outside_of_memory_is_read_as_one_in_memory() -> None:
    """Faults, lines and raw parts included."""
    data = kit.interchange(
        kit.group(kit.transaction(), kit.transaction(kit.ORDER[1:], control="0002"), kit.transaction(control="0003")), end="~\n"
    )
    blob = Blob.of(data[at : at + 100] for at in range(0, len(data), 100))
    expected = [(one.body, one.faults, one.raw) for one in x12.decode_interchange(data)]
    assert expected == [(one.body, one.faults, one.raw) for one in x12.decode_interchange(blob)]
