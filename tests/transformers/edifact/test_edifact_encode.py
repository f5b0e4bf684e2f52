"""Interchanges that we write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.core.errors import Refusal, Rejected
from crossdock.core.partner import EdifactIdentity
from crossdock_transformers.edifact.encode import EdifactEncode
from crossdock_transformers.edifact.options import EncodeOptions
from tests.transformers.edifact import edifact_kit as kit

BODY: dict[str, Any] = {
    "BGM": {"BGM01": {"BGM0101": "220"}, "BGM02": "45+1", "BGM03": "9"},
    "DTM": [{"DTM01": {"DTM0101": "137", "DTM0102": "2026-10-15", "DTM0103": "102"}}],
    "LIN": [{"LIN01": 1, "QTY": [{"QTY01": {"QTY0101": "21", "QTY0102": Decimal("6.5"), "QTY0103": "KGM"}}]}],
    "UNS": {"UNS01": "S"},
}


def changed(**parts: Any) -> dict[str, Any]:
    """Return the body with other segments."""
    return {**BODY, **parts}


def test_an_interchange_is_written_as_agreed() -> None:
    """Identities, syntax, directory and association; counts; released characters; no empty ends."""
    assert kit.encoded(BODY, number=17).decode() == (
        "UNA:+.? '"
        "UNB+UNOC:3+4012345000009:14+5412345000013:14+251009:0853+17'"
        "UNH+1+ORDERS:D:96A:UN:EAN008'"
        "BGM+220+45?+1+9'DTM+137:20261015:102'LIN+1'QTY+21:6.5:KGM'UNS+S'"
        "UNT+7+1'UNZ+1+17'"
    )


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"una": False}, "UNB+UNOC:3+"),
        ({"decimal_mark": ","}, "UNA:+,? 'UNB+"),
        ({"syntax_version": "4"}, "UNA:+.?*'UNB+UNOC:4+4012345000009:14+5412345000013:14+20"),
        ({"syntax": "UNOY"}, "UNA:+.? 'UNB+UNOY:3+"),
        ({"element_separator": "|", "segment_terminator": "~"}, "UNA:|.? ~UNB|UNOC:3|"),
        ({"segment_terminator": "'\r\n"}, "UNA:+.? '\r\nUNB+UNOC:3+"),
        ({"ours": EdifactIdentity(id="WE")}, "UNA:+.? 'UNB+UNOC:3+WE+5412345000013:14+"),
        ({"ours": EdifactIdentity(id="WE", internal="DC1")}, "UNA:+.? 'UNB+UNOC:3+WE::DC1+5412345000013:14+"),
    ],
)
def test_the_envelope_follows_the_agreement(changes: dict[str, Any], start: str) -> None:
    """Service characters, character set, syntax version, identities."""
    assert kit.encoded(BODY, kit.agreed(**changes)).decode().startswith(start)


def test_the_test_indicator_is_written() -> None:
    """UNB 0035, where tests are exchanged."""
    assert kit.encoded(BODY, kit.agreed(usage="T")).split(b"'")[1].endswith(b"+1++++++1")


def test_a_comma_is_written_where_it_is_agreed() -> None:
    """6,5."""
    assert b"QTY+21:6,5:KGM'" in kit.encoded(BODY, kit.agreed(decimal_mark=","))


@pytest.mark.parametrize(
    ("iso", "form", "text"),
    [
        ("2026-10-15", "102", "20261015"),
        ("2026-10-15", "101", "261015"),
        ("2026-10-15", "2", "151026"),
        ("2026-10-15T09:30", "203", "202610150930"),
        ("2026-10-15T09:30:05", "204", "20261015093005"),
        ("2026-10-15T09:30+01:00", "205", "202610150930?+0100"),
        ("09:30", "401", "0930"),
        ("2026-10", "610", "202610"),
        ("2026-W48", "616", "202648"),
        ("2026", "602", "2026"),
        ("2026-10-01/2026-10-31", "718", "2026100120261031"),
        ("2026-10-01T00:00/2026-10-31T23:59", "719", "202610010000202610312359"),
        ("12", "804", "12"),
    ],
)
def test_a_date_is_written_and_read_by_its_form(iso: str, form: str, text: str) -> None:
    """2380 as 2379 says; a form that is not known leaves the text."""
    dates = [{"DTM01": {"DTM0101": "137", "DTM0102": iso, "DTM0103": form}}]
    data = kit.encoded(changed(DTM=dates))
    assert f"DTM+137:{text}:{form}'".encode() in data
    back = kit.Surroundings({"beta": kit.Partner("beta", edifact=kit.agreement(theirs=OURS, ours=THEIRS))})
    assert kit.body(data, back)["DTM"] == dates


THEIRS, OURS = kit.agreement().theirs, kit.agreement().ours


def test_a_period_with_a_hyphen_is_read() -> None:
    """Some write it, though the standard says without."""
    body = kit.body(kit.file(kit.replaced("DTM+137:20261015:102", "DTM+137:20261001-20261031:718")))
    assert body["DTM"][0]["DTM01"]["DTM0102"] == "2026-10-01/2026-10-31"


@pytest.mark.parametrize(
    ("body", "code", "message", "where"),
    [
        (changed(BGM={"BGM02": "X" * 36}), "UCD-39", "BGM02 (document number) is too long", "/BGM/BGM02"),
        (changed(BGM={"BGM9": "X"}), "UCD-16", "'BGM9' is no element of BGM", "/BGM/BGM9"),
        (changed(BGM={"BGM01": {"BGM0109": "X"}}), "UCD-16", "'BGM0109' is no component of BGM01", "/BGM/BGM01/BGM0109"),
        (changed(BGM={"BGM01": "220"}), "shape", "BGM01 must be an object with BGM0101 and so on", "/BGM/BGM01"),
        (changed(XYZ={}), "UCS-15", "'XYZ' has no place in UNH", "/XYZ"),
        ({name: value for name, value in BODY.items() if name != "UNS"}, "UCS-13",
         "the mandatory segment UNS (section control) is missing", "/UNS"),
        (changed(DTM={}), "shape", "DTM may occur 35 times: it must be a list", "/DTM"),
        (changed(DTM=[{"DTM01": {"DTM0101": "137", "DTM0102": "15.10.2026", "DTM0103": "102"}}]), "UCD-12",
         "DTM0102 must be 2026-11-23 for form 102, not '15.10.2026'", "/DTM/0/DTM01/DTM0102"),
        (changed(BGM={"BGM02": "東京"}), "UCD-21",
         "BGM02 (document number) holds '東京', which the agreed character set has not: '東京'", "/BGM/BGM02"),
        (changed(LIN=[{"LIN01": "one"}]), "UCD-21", "LIN01 (line item number) must be a number, not 'one'", "/LIN/0/LIN01"),
        ([[]], "shape", "ORDERS is written from an object, not from list", ""),
        (changed(set="ORDRSP"), "shape", "this is 'ORDRSP', the step writes ORDERS", "/set"),
    ],
)  # fmt: skip
def test_a_body_that_can_not_be_written_is_refused(body: Any, code: str, message: str, where: str) -> None:
    """With the path of what is wrong."""
    with pytest.raises(Rejected) as refused:
        kit.encoded(body)
    assert (refused.value.code, refused.value.where, message in refused.value.message) == (code, where, True)


def test_lower_case_is_refused_in_level_a() -> None:
    """What the partner's character set has not is not sent."""
    with pytest.raises(Rejected, match="holds a character that is not allowed there: 'abc'"):
        kit.encoded(changed(BGM={"BGM02": "abc"}), kit.agreed(syntax="UNOA"))


def test_what_was_received_is_written_again_byte_for_byte() -> None:
    """Segment for segment, where nothing was changed."""
    data = kit.file(kit.ORDER)
    assert kit.encoded(kit.body(data)).split(b"'")[2:-2] == data.split(b"'")[2:-2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"set": ""}, "say which message type to write: `set: ORDRSP`"),
        ({"set": "ORDERZ"}, "there is no set 'ORDERZ' in EDIFACT D96A"),
        ({"set": "ORDERS", "version": "D42Z"}, "there is no EDIFACT version 'D42Z'"),
        ({"set": "ORDERS", "partner": "bata"}, "unknown partner 'bata'"),
    ],
)
def test_a_step_that_can_not_work_is_refused(options: dict[str, str], message: str) -> None:
    """When the route is checked."""
    with pytest.raises(Refusal) as refused:
        EdifactEncode(EncodeOptions(**options), kit.Surroundings())
    assert refused.value.message.startswith(message)


def test_a_guide_narrows_what_is_read_and_written() -> None:
    """Its codes and its mandatory elements."""
    guide = {
        "guide": "beta-orders",
        "set": "ORDERS",
        "version": "D96A",
        "partner": "beta",
        "segments": {"BGM": {"BGM0101": {"codes": ["220"]}, "BGM03": {"required": True}}},
    }
    surroundings = kit.Surroundings(guides={"beta-orders": guide})
    good, bad = kit.parts(
        kit.file(kit.ORDER, kit.replaced("BGM+220+4500000001+9", "BGM+221+X")), surroundings, guide="beta-orders"
    )
    assert good.error is None
    assert [one.code for one in bad.error.findings] == ["UCD-12", "UCD-13"]  # type: ignore[union-attr]
    with pytest.raises(Rejected, match="BGM0101"):
        kit.encoded(changed(BGM={"BGM01": {"BGM0101": "221"}, "BGM03": "9"}), surroundings, set="", guide="beta-orders")
