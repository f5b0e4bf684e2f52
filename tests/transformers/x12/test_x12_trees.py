"""Hierarchical levels (HL) nest by their parents, and are written with their numbers."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from crossdock.core.errors import Rejected
from crossdock.core.message import dump_json
from crossdock_transformers import x12
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.shape import shape_of
from crossdock_transformers.edi.tree import MOST_LEVELS
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.x12.places import locate
from tests.transformers.x12 import x12_kit as kit

NOTICE = standard().get("856", "004010")
BSN = "BSN*00*ASN-1*20261105*1612"


def notice(*levels: str) -> bytes:
    """Return a file with a ship notice of these segments."""
    return kit.interchange(kit.group(kit.transaction([BSN, *levels], number="856"), function="SH"))


def outline(levels: list[dict[str, Any]]) -> list[Any]:
    """Return the kinds of levels as nested lists: `["S", ["O", ["I"]]]`."""
    return [[level["HL03"], *outline(level.get("HL", []))] for level in levels]


def segments(levels: list[dict[str, Any]]) -> list[str]:
    """Return what is written for levels."""
    header = {"BSN01": "00", "BSN02": "ASN-1", "BSN03": "2026-11-05", "BSN04": "16:12"}
    written = x12.encode_transaction({"BSN": header, "HL": levels}, NOTICE, Delimiters())
    return ["*".join(segment) for segment in written[1:]]


def test_levels_are_nested_by_their_parents() -> None:
    """Whatever their order in the document, as long as parents come first."""
    (found,) = x12.decode_interchange(notice("HL*1**S", "HL*2*1*O", "HL*3*1*O", "HL*4*2*I", "HL*5*3*I", "HL*6*2*I"))
    assert [["S", ["O", ["I"], ["I"]], ["O", ["I"]]]] == outline(found.body["HL"])


def test_several_levels_may_be_on_top() -> None:
    """Two shipments in a notice."""
    (found,) = x12.decode_interchange(notice("HL*1**S*1", "HL*2*1*O*0", "HL*3**S*0"))
    assert [["S", ["O"]], ["S"]] == outline(found.body["HL"])


def test_a_level_keeps_its_own_segments_beside_its_levels() -> None:
    """Nothing moves from one to another."""
    (found,) = x12.decode_interchange(notice("HL*1**S", "REF*BM*1", "HL*2*1*O", "PRF*4500000001"))
    assert {
        "HL01": "1",
        "HL03": "S",
        "REF": [{"REF01": "BM", "REF02": "1"}],
        "HL": [{"HL01": "2", "HL02": "1", "HL03": "O", "PRF": {"PRF01": "4500000001"}}],
    } == found.body["HL"][0]


def deep(levels: int) -> list[str]:
    """Return levels each below the one before."""
    return ["HL*1**S", *(f"HL*{at}*{at - 1}*I" for at in range(2, levels + 1))]


@pytest.mark.parametrize(
    ("levels", "where", "says"),
    [
        (["HL*1**S", "HL*1*1*O"], "segment 4 (HL), element 1 (HL01)", "HL01 is '1', which an earlier level has already"),
        (["HL*1**S", "HL*2*7*O"], "segment 4 (HL), element 2 (HL02)", "HL02 names level '7', and there is no such level"),
        (["HL*1**S", "HL*2*3*O", "HL*3*1*I"], "segment 4 (HL), element 2 (HL02)", "level '3', which comes later or is itself"),
        (["HL*1*1*S"], "segment 3 (HL), element 2 (HL02)", "level '1', which comes later or is itself"),
        (["HL*1**S*0", "HL*2*1*O*0"], "segment 3 (HL), element 4 (HL04)", "HL04 is '0', but the level has levels below it"),
        (["HL*1**S*1"], "segment 3 (HL), element 4 (HL04)", "HL04 is '1', but the level has no level below it"),
        (deep(MOST_LEVELS + 1), f"segment {MOST_LEVELS + 3} (HL), element 2 (HL02)", f"nested more than {MOST_LEVELS} deep"),
    ],
)
def test_a_level_that_does_not_fit_is_told_with_its_place(levels: list[str], where: str, says: str) -> None:
    """And rejects the transaction, as an invalid value."""
    (found,) = x12.decode_interchange(notice(*levels))
    assert isinstance(found.error, Rejected)
    finding = found.error.findings[0]
    assert ("AK403-7", where) == (finding.code, finding.where)
    assert says in finding.message


def test_the_place_of_a_nested_value_is_found_by_its_path() -> None:
    """As it stands in the body."""
    places = locate(notice("HL*1**S", "HL*2*1*O", "HL*3*1*O", "HL*4*2*I", "SN1**5*EA"), "0001")
    assert places["HL", 0, "HL", 0, "HL", 0, "SN1", "SN102"] == "segment 7 (SN1), element 2 (SN102)"


def test_the_shape_of_a_level_is_that_of_the_levels_below() -> None:
    """A JSON Schema that refers to itself."""
    (found,) = x12.decode_interchange(notice("HL*1**S", "HL*2*1*O", "HL*3*2*I"))
    valid = jsonschema_rs.validator_for(shape_of(NOTICE))
    body = json.loads(dump_json(found.body))
    assert valid.is_valid(body)
    body["HL"][0]["HL"][0]["HL"][0]["HL99"] = "x"
    assert not valid.is_valid(body)


def test_numbers_parents_and_child_codes_are_written_where_they_are_absent() -> None:
    """A map only nests."""
    levels = [{"HL03": "S", "HL": [{"HL03": "O", "HL": [{"HL03": "I"}]}, {"HL03": "O"}]}]
    assert ["HL*1**S*1", "HL*2*1*O*1", "HL*3*2*I*0", "HL*4*1*O*0"] == segments(levels)


def test_given_numbers_are_kept_and_others_go_around_them() -> None:
    """Half-filled documents come out right."""
    levels = [{"HL03": "S", "HL": [{"HL01": "1", "HL03": "O"}, {"HL03": "O"}]}]
    assert ["HL*2**S*1", "HL*1*2*O", "HL*3*2*O*0"] == segments(levels)


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ([{"HL01": "1", "HL03": "S", "HL": [{"HL01": "2", "HL02": "9", "HL03": "O"}]}], "HL02 names level '9'"),
        ([{"HL01": "1", "HL03": "S"}, {"HL01": "1", "HL03": "S"}], "HL01 is '1', which an earlier level has already"),
        ([{"HL03": "S", "HL04": "1"}], "HL04 is '1', but the level has no level below it"),
        ([{"HL03": "S", "HL": {"HL03": "O"}}], "it must be a list of levels"),
        (["S"], "HL must be an object with HL01 and so on"),
        ([{"HL03": "S", "HX": []}], "'HX' has no place in HL"),
    ],
)
def test_given_levels_that_do_not_fit_are_refused(levels: list[Any], says: str) -> None:
    """Nothing wrong is sent."""
    with pytest.raises(Rejected) as caught:
        segments(levels)
    assert says in caught.value.message


def test_a_fault_below_a_level_is_told_by_its_path_in_the_body() -> None:
    """The author of the map finds it."""
    with pytest.raises(Rejected) as caught:
        segments([{"HL03": "S", "HL": [{"HL03": "I", "SN1": {"SN102": 1, "SN103": "EACH"}}]}])
    assert caught.value.findings[0].where == "/HL/0/HL/0/SN1/SN103"
