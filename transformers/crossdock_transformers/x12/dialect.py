"""X12, as the engine must know it."""

from __future__ import annotations

import re

from crossdock_transformers.edi.dialect import Dialect

CODES = {
    "empty_segment": ("AK304", "1"),
    "unknown_segment": ("AK304", "1"),
    "unused_segment": ("AK304", "2"),
    "missing_segment": ("AK304", "3"),
    "loop_repeated": ("AK304", "4"),
    "segment_repeated": ("AK304", "5"),
    "foreign_segment": ("AK304", "6"),
    "out_of_sequence": ("AK304", "7"),
    "missing": ("AK403", "1"),
    "conditional": ("AK403", "2"),
    "too_many": ("AK403", "3"),
    "repeated": ("AK403", "3"),
    "too_short": ("AK403", "4"),
    "too_long": ("AK403", "5"),
    "invalid_character": ("AK403", "6"),
    "not_a_number": ("AK403", "6"),
    "invalid_code": ("AK403", "7"),
    "hierarchy": ("AK403", "7"),
    "child_code": ("AK403", "7"),
    "surrounding_blanks": ("AK403", "6"),
    "lower_case_code": ("AK403", "7"),
    "number_format": ("AK403", "6"),
    "explicit_point": ("AK403", "6"),
    "date_format": ("AK403", "8"),
    "leading_zeros": ("AK502", "3"),
    "invalid_date": ("AK403", "8"),
    "invalid_time": ("AK403", "9"),
    "exclusive": ("AK403", "10"),
    "unused": ("AK403", "10"),
    "unknown_set": ("AK502", "1"),
    "no_trailer": ("AK502", "2"),
    "control_number": ("AK502", "3"),
    "segment_count": ("AK502", "4"),
}
"""AK304 (a segment), AK403 (an element) and AK502 (the transaction) with their codes."""

DIALECT = Dialect(
    key="x12",
    name="X12",
    unit="transaction",
    header="ST",
    trailer="SE",
    control=2,
    versions=re.compile(r"\d{6}"),
    usual="004010",
    codes=CODES,
    interchange=(
        "control_number",
        "sender_qualifier",
        "sender",
        "receiver_qualifier",
        "receiver",
        "date",
        "time",
        "version",
        "usage",
    ),
    group=("function", "control_number", "sender", "receiver", "date", "time", "version"),
)
