"""The character set of what is exchanged is agreed."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Rejected
from crossdock.core.message import Message
from crossdock.core.partner import Partner
from tests.transformers.x12 import x12_kit as kit

CITY = kit.replaced("N4*DALLAS*TX*75201*US", "N4*MONTRÉAL*QC*H2Y1C6*CA")


def around(charset: str) -> kit.Surroundings:
    """Return surroundings with an agreement."""
    return kit.Surroundings({"acme": Partner("acme", x12=kit.agreement(charset=charset))})


def file(charset: str) -> bytes:
    """Return an order to Montréal."""
    return kit.file(CITY).decode().encode(charset)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_what_is_in_the_agreed_character_set_is_read_and_written_alike(charset: str) -> None:
    """Byte for byte."""
    (part,) = kit.parts(file(charset), around(charset))
    assert part.body["N1"][0]["N4"][0]["N401"] == "MONTRÉAL"
    written = kit.encoder(around(charset), set="850").apply(kit.message(part.body))
    assert isinstance(written, Message)
    assert "~N4*MONTRÉAL*QC*".encode(charset) in written.body.render(1)


@pytest.mark.parametrize(("sent", "agreed"), [("iso-8859-1", "utf-8"), ("utf-8", "ascii")])
def test_a_byte_that_it_has_not_rejects_the_transaction_with_its_element(sent: str, agreed: str) -> None:
    """Nothing is guessed; and the 997 can be written all the same."""
    stream = kit.decoded(file(sent), around(agreed))
    (part,) = stream.parts()
    assert isinstance(part.error, Rejected)
    assert part.error.findings[0].where == "segment 6 (N4), element 1 (N401)"
    (answer,) = stream.finish().deliveries
    assert b"AK5*R*5" in answer.body.render(1)


def test_a_text_that_it_has_not_is_not_sent() -> None:
    """It is refused, not mangled."""
    (part,) = kit.parts(file("utf-8"))
    with pytest.raises(Rejected, match="which the agreed character set has not: 'MONTRÉAL'"):
        kit.encoder(around("ascii"), set="850").apply(kit.message(part.body))
