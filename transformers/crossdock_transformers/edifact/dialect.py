"""EDIFACT, as the engine must know it. Syntax error codes are those of data element 0085 (UN/EDIFACT, CONTRL)."""

from __future__ import annotations

import re

from crossdock_transformers.edi.dialect import Dialect, Period
from crossdock_transformers.edifact.periods import read_period, write_period

CODES = {
    "empty_segment": ("UCS", "15"),
    "unknown_segment": ("UCS", "15"),
    "unused_segment": ("UCS", "15"),
    "missing_segment": ("UCS", "13"),
    "loop_repeated": ("UCS", "36"),
    "segment_repeated": ("UCS", "35"),
    "foreign_segment": ("UCS", "15"),
    "out_of_sequence": ("UCS", "15"),
    "missing": ("UCD", "13"),
    "conditional": ("UCD", "13"),
    "too_many": ("UCD", "16"),
    "repeated": ("UCD", "35"),
    "too_short": ("UCD", "40"),
    "too_long": ("UCD", "39"),
    "invalid_character": ("UCD", "21"),
    "not_a_number": ("UCD", "37"),
    "not_a_letter": ("UCD", "37"),
    "decimal_mark": ("UCD", "19"),
    "missing_digit": ("UCD", "38"),
    "invalid_code": ("UCD", "12"),
    "surrounding_blanks": ("UCD", "21"),
    "lower_case_code": ("UCD", "12"),
    "number_format": ("UCD", "37"),
    "explicit_point": ("UCD", "37"),
    "date_format": ("UCD", "12"),
    "leading_zeros": ("UCM", "28"),
    "invalid_date": ("UCD", "12"),
    "invalid_time": ("UCD", "12"),
    "exclusive": ("UCD", "15"),
    "unused": ("UCD", "15"),
    "unknown_set": ("UCM", "14"),
    "no_trailer": ("UCM", "13"),
    "control_number": ("UCM", "28"),
    "segment_count": ("UCM", "29"),
    "repeated_control": ("UCM", "26"),
    "group_of_another": ("UCM", "31"),
    "too_big": ("UCM", "18"),
}
"""UCS (a segment), UCD (an element or component) and UCM (the message) with their codes."""


def canonical(version: str) -> str:
    """Return a directory as our grammars are named: `D:96A:UN:EAN008`, `D.96A` and `d96a` are D96A."""
    parts = version.upper().replace(".", ":").split(":")
    return "".join(parts[:2])


DIALECT = Dialect(
    key="edifact",
    name="EDIFACT",
    unit="message",
    header="UNH",
    trailer="UNT",
    control=1,
    versions=re.compile(r"D\d\d[AB]"),
    usual="D96A",
    codes=CODES,
    interchange=(
        "control_number",
        "sender_qualifier",
        "sender",
        "sender_internal",
        "receiver_qualifier",
        "receiver",
        "receiver_internal",
        "date",
        "time",
        "syntax",
        "syntax_version",
        "application",
        "agreement",
        "usage",
    ),
    group=("function", "control_number", "sender", "receiver", "date", "time", "version"),
    about=("message_type", "association"),
    canonical=canonical,
    period=Period("2380", "2379", read_period, write_period),
    services=frozenset(("CONTRL",)),
)
