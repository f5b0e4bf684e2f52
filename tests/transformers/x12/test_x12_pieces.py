"""A file is cut into its transactions without decoding them."""

from __future__ import annotations

import pytest

from crossdock.core.blob import Blob
from crossdock.core.errors import Rejected
from crossdock_transformers.x12 import split_transactions
from tests.transformers.x12 import x12_kit as kit

TWO = kit.interchange(kit.group(kit.transaction(), kit.transaction(control="0002")), end="~\r\n")


def test_every_transaction_comes_out_as_it_came() -> None:
    """With the envelopes around it."""
    found = list(split_transactions(TWO))
    assert [
        b"\r\n".join(f"{segment}~".encode() for segment in kit.transaction(control=control)) for control in ("0001", "0002")
    ] == [piece.raw for piece in found]
    assert {("000004711", "4711", "")} == {(one.interchange.header.control, one.group.control, one.fault) for one in found}


def test_what_lies_outside_of_memory_is_cut_the_same_way() -> None:
    """Piece by piece."""
    assert [one.raw for one in split_transactions(TWO)] == [one.raw for one in split_transactions(Blob.of([TWO]))]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"SE*11*0001", b"SE*12*0001", "SE01 says '12' segments, the transaction has 11"),
        (b"SE*11*0001", b"SE*11*0009", "the control number in SE02 is '0009', in ST02 it is '0001'"),
        (b"SE*11*0001~\r\n", b"", "the transaction has no SE"),
        (b"GE*2*", b"GE*3*", "GE01 says '3' transactions, functional group 4711 has 2"),
    ],
)
def test_what_is_wrong_with_an_envelope_is_told_with_the_transaction(old: bytes, new: bytes, says: str) -> None:
    """The first one here."""
    assert old in TWO
    assert says == next(iter(split_transactions(TWO.replace(old, new)))).fault


def test_a_file_that_cannot_be_used_is_rejected() -> None:
    """As in decoding."""
    with pytest.raises(Rejected, match="is cut off"):
        list(split_transactions(TWO[:-30]))
