"""What the IDoc transformer says of itself."""

from __future__ import annotations

from typing import Any

from crossdock.core.spec import Context, Step, TransformerSpec
from crossdock_transformers.idoc.options import DecodeOptions, EncodeOptions


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.idoc.read import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.idoc.write import build

    return build(options, context)


SPEC = TransformerSpec(
    name="idoc",
    summary="SAP IDocs, flat and XML: ORDERS05, INVOIC02, DELVRY03, with segments of one's own",
    example="decode: { idoc: ORDERS05 }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
)
