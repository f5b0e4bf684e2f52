"""An error of a later step says where in the partner's document the value stands that it speaks of."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Rejected
from crossdock.core.ids import child_id
from crossdock.core.message import Control, Message
from crossdock.core.outcome import Outcome, State
from crossdock.core.parts import as_part
from tests.transformers.x12 import x12_kit as kit

WRAPPED = kit.interchange(kit.group(kit.transaction(), kit.transaction(control="0002")), end="~\n")

PLACES = [
    ("body.PO1[1].PO102 is too great", "line 22, segment 9 (PO1), element 2 (PO102)"),
    ("body.BEG.BEG03: no such order", "line 15, segment 2 (BEG), element 3 (BEG03)"),
    ("item.PO104 is absent (element 2 of body.PO1)", "line 22, segment 9 (PO1), element 4 (PO104)"),
    ("item.PO109 is no article (element 1 of body.PO1)", "line 20, segment 7 (PO1), element 9 (PO109)"),
    ("item.PO199 is absent (element 2 of body.PO1)", "line 22, segment 9 (PO1)"),
    ("item.PID05 is odd (element 1 of line.PID, element 1 of body.PO1)", "line 21, segment 8 (PID), element 5 (PID05)"),
    ("body.N1[0].N4[0].N402 is no state", "line 19, segment 6 (N4), element 2 (N402)"),
    ("body.N1[7].N102 is absent", "line 17, segment 4 (N1)"),
    ("the ERP is closed", ""),
    ("body.nothing is absent", ""),
]


@pytest.mark.parametrize(("message", "place"), PLACES, ids=[message for message, _ in PLACES])
def test_the_place_of_what_an_error_speaks_of_is_found(message: str, place: str) -> None:
    """In the second transaction of a file."""
    _, part = kit.decoded(WRAPPED).parts()
    assert part.origin is not None
    assert place == part.origin(message)


def test_a_failed_run_of_a_part_says_both_places() -> None:
    """That of the map, and that of the document."""
    _, part = kit.decoded(WRAPPED).parts()
    error = Rejected("item.PO104 is absent (element 2 of body.PO1)", where="acme.map.yaml:9:5")
    child = Message(child_id("m1", 2), part.body, Control("orders", "r1"))
    outcome = as_part(Outcome(child, State.FAILED, error=error), part, 3)
    assert outcome.error is not None
    assert outcome.error.where == "acme.map.yaml:9:5, line 22, segment 9 (PO1), element 4 (PO104)"
