"""EDIFACT: partners' interchanges in and out. A message type is data (grammars/), narrowed by a partner's guide.

A decoded message, with the names that EDI people use:

    {"set": "ORDERS", "version": "D96A", "control_number": "1", "message_type": "ORDERS:D:96A:UN:EAN008", "association": "EAN008",
     "interchange": {"control_number": "4711", "sender": "5412345000013", "sender_qualifier": "14", "usage": "P", ...},
     "group": {"control_number": "", "function": "", ...},
     "BGM": {"BGM01": {"BGM0101": "220"}, "BGM02": "PO1", "BGM03": "9"},
     "DTM": [{"DTM01": {"DTM0101": "137", "DTM0102": "2026-10-15", "DTM0103": "102"}}],
     "NAD": [{"NAD01": "BY", "NAD02": {"NAD0201": "5412345000013", "NAD0203": "9"}, "CTA": [...]}],
     "LIN": [{"LIN01": Decimal("1"), "LIN03": {"LIN0301": "4012345000009", "LIN0302": "EN"},
              "QTY": [{"QTY01": {"QTY0101": "21", "QTY0102": Decimal("12")}}]}],
     "UNS": {"UNS01": "S"}}

- A segment or group of at most one use is an object, any other a list. A group is named by its first segment, whose elements it
  has with its other segments and groups beside them. Which is which follows from the base grammar, never from the document.
- Empty elements are left out. A composite is an object of its components. Numeric elements are Decimal, all else is text.
- A date (2380) is ISO text, read by the form beside it (2379): `2026-10-15`, `2026-10-15T09:30`, `2026-10-01/2026-10-31`.

Functions for use without a route: `decode_interchange`, `encode_message`, `locate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossdock.core.spec import Catalog, Context, Step, TransformerSpec
from crossdock_transformers.edifact.options import DecodeOptions, EncodeOptions

if TYPE_CHECKING:
    from crossdock_transformers.edifact.decode import decode_interchange
    from crossdock_transformers.edifact.locate import locate
    from crossdock_transformers.edifact.write import encode_message

_FUNCTIONS = {"decode_interchange": "decode", "encode_message": "write", "locate": "locate"}


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.edifact.decode import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.edifact.encode import build

    return build(options, context)


def _catalog(context: Context | None) -> Catalog:
    from crossdock_transformers.edi.catalog import catalog

    return catalog("edifact", context)


def __getattr__(name: str) -> Any:
    """Import the functions when they are first used, so that reading the spec stays cheap."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    globals()[name] = found  # the module `locate` has put itself in the place of its function
    return found


SPEC = TransformerSpec(
    name="edifact",
    summary="EDIFACT interchanges: ORDERS, ORDRSP, DESADV, INVOIC and others in and out, validated, answered by CONTRL",
    example="decode: { edifact: { guide: beta-orders } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
    catalog=_catalog,
)

__all__ = ["SPEC", "decode_interchange", "encode_message", "locate"]
