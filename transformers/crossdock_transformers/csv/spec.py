"""What the CSV transformer says of itself; it brings layouts, those of other formats as well."""

from __future__ import annotations

from typing import Any

from crossdock.core.spec import Context, Step, TransformerSpec
from crossdock_transformers.csv.layout import DecodeOptions, EncodeOptions
from crossdock_transformers.layout import LayoutFile, check_layout


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.csv.read import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.csv.write import build

    return build(options, context)


SPEC = TransformerSpec(
    name="csv",
    summary="CSV files in any dialect: typed columns, rows gathered into documents, each bad row told with its column",
    example="decode: { csv: { layout: acme-prices } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
    files={"layout": LayoutFile},
    checks={"layout": check_layout},
)
