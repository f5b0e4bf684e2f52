"""Messages: identifiers, and bodies that come back as they went in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Rejected
from crossdock.core.ids import child_id, new_id, new_traceparent
from crossdock.core.message import BODY_TYPE, Control, Message, dump_body, dump_json, load_body, restored, stored

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
bodies = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text("abcdefg"), inner), max_leaves=20)


def types(value):
    if isinstance(value, dict):
        return {key: types(inner) for key, inner in value.items()}
    return [types(inner) for inner in value] if isinstance(value, list) else type(value)


@given(bodies)
def test_a_body_comes_back_from_the_journal_with_its_values_and_types(body):
    back = load_body(dump_body(body))
    assert body == back
    assert types(body) == types(back)


def test_decimals_go_out_as_the_numbers_they_are():
    assert dump_json({"price": Decimal("12.50"), "quantity": Decimal(5)}) == b'{"price":12.50,"quantity":5}'


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_know_is_rejected(number):
    with pytest.raises(Rejected, match="is not a number that a document can hold"):
        dump_json({"price": Decimal(number)})


def test_bytes_are_kept_as_they_are():
    assert stored(b"ISA*", "text/x12") == (b"ISA*", "text/x12")
    assert restored(b"ISA*", "text/x12") == b"ISA*"


def test_data_is_kept_as_a_body():
    data, content_type = stored({"a": Decimal("1.0")}, "whatever")
    assert content_type == BODY_TYPE
    assert restored(data, content_type) == {"a": Decimal("1.0")}


def test_ids_are_26_characters_and_unique():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(one) for one in ids} == {26}


def test_a_part_has_the_same_id_every_time():
    assert child_id("01abc", 7) == child_id("01abc", 7) == "01abc.7"


def test_a_traceparent_has_the_form_of_w3c():
    version, trace, span, flags = new_traceparent().split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")


def test_a_change_makes_a_copy():
    message = Message("1", {"a": 1}, Control("r", "rel"))
    changed = message.with_body({"b": 2}).with_keys({"po": "45"}).with_headers({"x": "y"})
    assert message.body == {"a": 1}
    assert message.keys == {}
    assert (changed.body, changed.keys, changed.headers) == ({"b": 2}, {"po": "45"}, {"x": "y"})
