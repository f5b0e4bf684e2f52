"""`*.table.yaml` and `*.table.csv`: code lists and cross references, which `lookup`, `xref` and `convert` ask.

    table: uom
    description: Units of measure of our partners, and ours.
    entries: { EA: EA, CA: CASE, PK: PACK }

or, with more columns (in CSV: the first line has their names):

    columns: [sku, gtin, buyer_item]
    rows:
      - [A-100, "04012345678901", "77-1"]

`config/partners/acme.item.table.csv` is partner acme's table `item`: `xref("item", body.buyer_item)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from crossdock.core.spec import Context

Scalar = str | int | float | bool | None


class TableFile(BaseModel):
    """A `*.table.yaml` or `*.table.csv` file."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
    CSV: ClassVar[bool] = True

    table: str = Field("", description="the table's name: the file's name without .table.yaml; a partner's is PARTNER.NAME")
    description: str = Field("", description="what it is for, in a sentence")
    entries: Mapping[str, Any] = Field(
        default_factory=dict, description="keys with their values, or with objects that have the same fields"
    )
    columns: Sequence[str] = Field((), description="the names of the columns; the first is the key, the second the value")
    rows: Sequence[Sequence[Any]] = Field((), description="one list of values for each row")


def check_table(name: str, context: Context) -> None:
    """Look closer at a table; raises Refusal at the place of what is wrong."""
    from crossdock_transformers.expression.tables import table_of

    table_of(context.resource("table", name))
