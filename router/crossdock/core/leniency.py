"""Leniencies: faults of partners' documents that can be let pass, noted and counted, by their names in agreements and routes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema

from crossdock.core.words import nearest

LENIENCIES: Final[Mapping[str, frozenset[str]]] = {
    "too_short": frozenset({"too_short"}),
    "too_long": frozenset({"too_long"}),
    "invalid_code": frozenset({"invalid_code"}),
    "invalid_character": frozenset({"invalid_character"}),
    "number_format": frozenset({"number_format"}),
    "explicit_point": frozenset({"explicit_point"}),
    "date_format": frozenset({"date_format"}),
    "lower_case_codes": frozenset({"lower_case_code"}),
    "surrounding_blanks": frozenset({"surrounding_blanks"}),
    "missing_elements": frozenset({"missing"}),
    "extra_elements": frozenset({"too_many"}),
    "repeats": frozenset({"segment_repeated", "loop_repeated", "repeated"}),
    "empty_segments": frozenset({"empty_segment"}),
    "unknown_segments": frozenset({"unknown_segment", "foreign_segment"}),
    "syntax_notes": frozenset({"conditional", "exclusive"}),
    "child_codes": frozenset({"child_code"}),
    "segment_count": frozenset({"segment_count"}),
    "control_number": frozenset({"control_number"}),
    "leading_zeros": frozenset({"leading_zeros"}),
    "envelope_count": frozenset({"envelope_count"}),
    "missing_trailers": frozenset({"missing_trailers"}),
    "isa_padding": frozenset({"isa_padding"}),
}
"""Each leniency with the kinds of faults that it lets pass.

`lower_case_codes`, `surrounding_blanks`, `number_format`, `explicit_point` and `date_format` put the value right, of
`invalid_character` what is not UTF-8 is taken as ISO 8859-1; `extra_elements`, `empty_segments` and `unknown_segments`
leave out what is not known; `envelope_count` takes counts of an envelope that do not agree; `isa_padding` reads an ISA segment
whose elements are not padded to their widths by its separators.
"""


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of leniencies; raises ValueError for one that is not known."""
    found = tuple(names)
    for name in found:
        if name not in LENIENCIES:
            raise ValueError(f"there is no leniency '{name}'{nearest(name, LENIENCIES)}")
    return found


Leniencies = Annotated[
    tuple[str, ...], AfterValidator(checked), WithJsonSchema({"type": "array", "items": {"enum": list(LENIENCIES)}})
]
"""Names of leniencies, as files have them."""


def faults_of(names: Collection[str]) -> frozenset[str]:
    """Return the kinds of faults that leniencies let pass."""
    return frozenset().union(*(LENIENCIES[name] for name in names)) if names else frozenset()


def name_of(fault: str) -> str:
    """Return the leniency that lets a kind of fault pass."""
    return next((name for name, faults in LENIENCIES.items() if fault in faults), fault)
