"""What the transformer of fixed-width files says of itself."""

from __future__ import annotations

from typing import Any

from crossdock.core.spec import Context, Step, TransformerSpec
from crossdock_transformers.fixed_width.layout import DecodeOptions, EncodeOptions


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.fixed_width.read import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.fixed_width.write import build

    return build(options, context)


SPEC = TransformerSpec(
    name="fixed_width",
    summary="files of records whose fields have places: told apart, nested, their trailers' counts checked and written",
    example="decode: { fixed_width: { layout: wms-shipments } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
)
