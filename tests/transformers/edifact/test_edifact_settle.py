"""What a partner's CONTRL says of what we sent, and what becomes of second copies."""

from __future__ import annotations

from crossdock.core.exchange import Verdict
from crossdock_transformers.edifact.encode import EdifactEncode
from crossdock_transformers.edifact.options import EncodeOptions
from tests.transformers.edifact import edifact_kit as kit
from tests.transformers.edifact.test_edifact_encode import BODY

UCI = "UCI+17+4012345000009:14+5412345000013:14"
ORDERS = "ORDERS:D:96A:UN"


def told(*segments: str) -> list[tuple[Verdict, str, str]]:
    """Return verdict, what it is about, and the reason of each settlement in a CONTRL."""
    (part,) = kit.parts(kit.interchange(kit.message(segments, kind="CONTRL:D:3:UN")))
    assert part.error is None
    return [(one.verdict, str(one), one.error.message if one.error else "") for one in part.settlements]


def test_an_acknowledged_interchange_is_settled() -> None:
    """Action 7."""
    assert told(f"{UCI}+7") == [(Verdict.ACKNOWLEDGED, "interchange 17", "")]


def test_a_receipt_says_that_it_arrived() -> None:
    """Action 8."""
    assert told(f"{UCI}+8") == [(Verdict.ARRIVED, "interchange 17", "")]


def test_a_rejected_message_is_told_in_words() -> None:
    """With segment and element; the rest of the interchange is acknowledged."""
    reason = "beta rejected ORDERS 1: segment 2, element 4: the value is too long (and 1 more)"
    assert told(f"{UCI}+7", f"UCM+1+{ORDERS}+4", "UCS+2", "UCD+39+5", "UCS+9+13") == [
        (Verdict.REJECTED, "interchange 17 ORDERS 1", reason),
        (Verdict.ACKNOWLEDGED, "interchange 17", ""),
    ]


def test_a_rejected_interchange_is_told_in_words() -> None:
    """With the service segment and its element."""
    reason = "beta rejected interchange 17: interchange 17, UNZ, element 1 (UNZ01): the count is not the number of what came"
    assert told(f"{UCI}+4+29+UNZ+2") == [(Verdict.REJECTED, "interchange 17", reason)]


def test_groups_and_their_messages_are_settled() -> None:
    """UCF."""
    assert [one[:2] for one in told(f"{UCI}+7", "UCF+7+A+B+7", f"UCM+1+{ORDERS}+4+26")] == [
        (Verdict.REJECTED, "interchange 17 group 7 ORDERS 1"),
        (Verdict.ACKNOWLEDGED, "interchange 17 group 7"),
        (Verdict.ACKNOWLEDGED, "interchange 17"),
    ]


def test_a_control_message_goes_on_only_where_the_route_names_it() -> None:
    """`sets: [CONTRL]`."""
    data = kit.interchange(kit.message([f"{UCI}+7"], kind="CONTRL:D:3:UN"))
    (quiet,), (named,) = kit.parts(data), kit.parts(data, sets=["CONTRL"])
    assert (quiet.passes, named.passes) == (False, True)


def test_what_was_sent_is_known_by_its_numbers() -> None:
    """So that the partner's CONTRL finds it; it is awaited in the agreed window."""
    step = EdifactEncode(EncodeOptions(set="ORDERS"), kit.agreed(ack_window="2h"))
    (exchange,) = step.apply(kit.incoming(BODY)).body.exchanges(17)
    assert (exchange.document, exchange.interchange, exchange.transaction, exchange.version, exchange.ack_window) == (
        "ORDERS",
        "17",
        "1",
        "D96A",
        7200,
    )
    assert exchange.keys == {"purchase_order": "45+1"}


def test_what_came_is_known_by_its_numbers() -> None:
    """Taken or refused."""
    good, bad = kit.parts(kit.file(kit.ORDER, kit.replaced("UNS+S", "")))
    exchanges = [part.exchange for part in (good, bad) if part.exchange]
    assert [(one.document, one.interchange, one.transaction, one.version, one.refused) for one in exchanges] == [
        ("ORDERS", "4711", "1", "D96A", False),
        ("ORDERS", "4711", "2", "D96A", True),
    ]


def test_a_second_copy_is_refused() -> None:
    """Code 26, where interchanges are answered."""
    stream = kit.decoded(kit.file(kit.ORDER))
    (delivery,) = stream.refuse(stream.claims[0]).deliveries
    assert delivery.body.render(9).decode().split("'")[3:-3] == ["UCI+4711+5412345000013:14+4012345000009:14+4+26"]
    quiet = kit.decoded(kit.file(kit.ORDER), kit.agreed(acknowledge="none"))
    assert quiet.refuse(quiet.claims[0]).deliveries == ()


def test_types_without_acknowledgement_are_not_answered() -> None:
    """`documents: {ORDERS: {acknowledged: false}}`."""
    stream = kit.decoded(kit.file(kit.ORDER), kit.agreed(documents={"ORDERS": {"acknowledged": False}}))
    assert stream.finish().deliveries == ()
