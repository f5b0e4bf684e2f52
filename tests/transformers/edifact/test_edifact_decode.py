"""What comes out of a correct file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock_transformers.edifact import decode_interchange, locate
from tests.transformers.edifact import edifact_kit as kit


def test_a_message_is_decoded_with_the_names_that_edi_people_use() -> None:
    """Groups by their first segment, composites as objects, numbers as Decimal, dates as ISO."""
    body = kit.body(kit.file(kit.ORDER))
    assert {name: body[name] for name in ("set", "version", "control_number", "message_type", "association")} == {
        "set": "ORDERS",
        "version": "D96A",
        "control_number": "1",
        "message_type": "ORDERS:D:96A:UN:EAN008",
        "association": "EAN008",
    }
    assert body["BGM"] == {"BGM01": {"BGM0101": "220"}, "BGM02": "4500000001", "BGM03": "9"}
    assert body["DTM"] == [{"DTM01": {"DTM0101": "137", "DTM0102": "2026-10-15", "DTM0103": "102"}}]
    assert body["LIN"][1] == {
        "LIN01": Decimal(2),
        "LIN03": {"LIN0301": "4012345000016", "LIN0302": "EN"},
        "QTY": [{"QTY01": {"QTY0101": "21", "QTY0102": Decimal("6.5"), "QTY0103": "KGM"}}],
    }


def test_the_envelope_is_told() -> None:
    """Sender, receiver, date, syntax and test indicator; a group where there is none is empty."""
    body = kit.body(kit.file(kit.ORDER))
    assert body["interchange"] == {
        "control_number": "4711",
        "sender_qualifier": "14",
        "sender": "5412345000013",
        "sender_internal": "",
        "receiver_qualifier": "14",
        "receiver": "4012345000009",
        "receiver_internal": "",
        "date": "2026-10-15",
        "time": "09:30",
        "syntax": "UNOC",
        "syntax_version": "3",
        "application": "",
        "agreement": "",
        "usage": "P",
    }
    assert set(body["group"].values()) == {""}


def test_business_keys_are_found() -> None:
    """The order number, and the references of the envelope."""
    (part,) = kit.parts(kit.file(kit.ORDER))
    assert part.keys == {"interchange": "4711", "transaction": "1", "purchase_order": "4500000001"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ROCK ?'N?' ROLL", "ROCK 'N' ROLL"),
        ("WHAT??", "WHAT?"),
        ("1?+1?:2", "1+1:2"),
        ("????", "??"),
        ("A?B", "AB"),
    ],
)
def test_released_characters_are_text(written: str, read: str) -> None:
    """A release character makes what follows text; the one before a plain character goes."""
    body = kit.body(kit.file(kit.replaced("BGM+220+4500000001+9", f"BGM+220+{written}+9")))
    assert body["BGM"]["BGM02"] == read


def test_a_doubled_release_character_ends_before_the_terminator() -> None:
    """In `WHAT??'` the terminator is not released."""
    order = [*kit.ORDER[:2], "FTX+AAI+++WHAT??", *kit.ORDER[2:]]
    assert kit.body(kit.file(order))["FTX"] == [{"FTX01": "AAI", "FTX04": {"FTX0401": "WHAT?"}}]


def test_a_released_terminator_before_a_service_tag_is_text() -> None:
    """`?'UNT+1` does not end the message."""
    order = [*kit.ORDER[:2], "FTX+AAI+++SEE ?'UNT?+1 AND ???'UNH?+2", *kit.ORDER[2:]]
    assert kit.body(kit.file(order))["FTX"][0]["FTX04"]["FTX0401"] == "SEE 'UNT+1 AND ?'UNH+2"


def test_released_delimiters_count_one_character() -> None:
    """35 characters fit into a document number, however many of them are released."""
    number = "?+" * 35
    body = kit.body(kit.file(kit.replaced("BGM+220+4500000001+9", f"BGM+220+{number}+9")))
    assert body["BGM"]["BGM02"] == "+" * 35


def test_every_value_knows_its_place() -> None:
    """Line, segment and element."""
    data = kit.file(kit.ORDER, una="UNA:+.? '\n", end="'\n")
    assert locate(data, "1")["LIN", 1, "QTY", 0, "QTY01"] == "line 11, segment 9 (QTY), element 1 (QTY01)"


def test_a_file_decodes_without_a_route() -> None:
    """`decode_interchange` needs no partner."""
    assert [one.set for one in decode_interchange(kit.file(kit.ORDER, kit.ORDER))] == ["ORDERS", "ORDERS"]


@pytest.mark.parametrize("association", ["", ":EAN008", ":EAN011", ":XYZ123"])
def test_any_association_resolves_to_its_directory(association: str) -> None:
    """And is kept."""
    body = kit.body(kit.interchange(kit.message(kind=f"ORDERS:D:96A:UN{association}")))
    assert (body["version"], body["association"]) == ("D96A", association.removeprefix(":"))


def test_numbers_may_be_negative_and_keep_their_digits() -> None:
    """A minus in front; 15 digits beside it and the mark fit."""
    body = kit.body(kit.file(kit.replaced("QTY+21:6.5:KGM", "QTY+21:-12345678901234.5:KGM")))
    assert body["LIN"][1]["QTY"][0]["QTY01"]["QTY0102"] == Decimal("-12345678901234.5")
