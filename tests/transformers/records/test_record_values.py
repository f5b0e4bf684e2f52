"""Fields in text: what is read is what was written."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock_transformers.records.values import FieldOptions, Marks, reader, writer

_MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001 - documents give no zone
VALUES = {
    "i": ("integer", st.integers(-(10**17), 10**17)),
    "d": ("decimal", st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)),
    "day": ("date", _MOMENTS.map(lambda at: at.date().isoformat())),
    "at": ("time", _MOMENTS.map(lambda at: at.time().isoformat())),
    "moment": ("datetime", _MOMENTS.map(lambda at: at.isoformat())),
    "b": ("boolean", st.booleans()),
}
FIELD = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(VALUES[name][0]), VALUES[name][1]))


@settings(max_examples=300, deadline=None)
@given(FIELD, st.sampled_from([Marks(), Marks(",", "."), Marks(".", "'"), Marks(",", " ")]))
def test_a_value_that_was_written_is_read_as_it_was(field, marks):
    kind, value = field
    options = FieldOptions(type=kind)
    found = reader(options, marks)(writer(options, marks)(value))
    assert (type(found), found) == (type(value), value)
