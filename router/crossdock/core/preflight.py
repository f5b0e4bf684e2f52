"""The checks that a document passes before it leaves, beyond its grammar, by name; an agreement or a step may switch most off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from crossdock.core.words import nearest

CHECKS: Final[Mapping[str, str]] = {
    "hierarchy": "hierarchical levels: numbered once, below a level that is there, in an order that makes sense",
    "sscc": "serial shipping container codes have 18 digits and the right check digit",
    "gtin": "article numbers (GTIN-8, -12, -13, -14) have the right length and check digit",
    "gln": "location numbers have 13 digits and the right check digit",
    "balance": "an invoice's total is the sum of its lines, allowances, charges and taxes",
    "line_count": "the number of lines is the one that the document says",
    "hash_total": "totals of quantities are the sums of the lines' quantities",
    "duplicate_invoice": "an invoice number is sent to a partner once",
    "usage": "a test environment sends nothing that is marked production",
    "chain": "units, prices and quantities agree with the order and what followed it",
}
"""Every check in a sentence. `chain` is made when the document is recorded (`core.chain`), the others while it is written."""


ALWAYS: Final = ("usage",)
"""What keeps environments apart, and nobody may switch off."""


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in CHECKS:
            raise ValueError(f"unknown check '{name}'{nearest(name, CHECKS)}")
        if name in ALWAYS:
            raise ValueError(f"'{name}' is never left out: {CHECKS[name]}")
    return names


OPTIONAL: Final = tuple(name for name in CHECKS if name not in ALWAYS)
"""The checks that may be left out."""


class Preflight(BaseModel):
    """Which checks are left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    skip: Annotated[tuple[str, ...], AfterValidator(_known)] = Field(
        (), description=f"checks to leave out: {', '.join(OPTIONAL)}", json_schema_extra={"items": {"enum": list(OPTIONAL)}}
    )
