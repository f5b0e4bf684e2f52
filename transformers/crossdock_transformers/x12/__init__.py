"""X12: partners' interchanges in and out. A transaction set is data (grammars/), narrowed by a partner's guide.

A decoded transaction, with the names that EDI people use:

    {"set": "850", "version": "004010", "control_number": "0001",
     "interchange": {"control_number": "000004711", "sender": "ACMERETAIL", "usage": "P", ...},
     "group": {"control_number": "4711", "function": "PO", "version": "004010VICS", ...},
     "BEG": {"BEG01": "00", "BEG02": "SA", "BEG03": "4500012345", "BEG05": "2026-10-15"},
     "REF": [{"REF01": "DP", "REF02": "471"}],
     "N1": [{"N101": "ST", "N102": "ACME DC 12", "N3": [{"N301": "1 MAIN ST"}], "N4": [{"N401": "DALLAS"}]}],
     "PO1": [{"PO101": "1", "PO102": Decimal("12"), "PID": [{"PID01": "F", "PID05": "HEX BOLT"}]}],
     "CTT": {"CTT01": Decimal("1")}}

- A segment or loop of at most one use is an object, any other a list. A loop is its first segment's elements with its other
  segments and loops beside them. Which is which follows from the base grammar, never from the document or a guide.
- Empty elements are left out. `N0`..`N9` and `R` are Decimal, `DT` is `2026-10-15`, `TM` is `09:30[:15[.25]]`, all else is text.
- A composite is an object of its components: `{"MEA04": {"MEA0401": "IN"}}`.
- Hierarchical levels hang below their parents: `{"HL": [{"HL01": "1", "HL03": "S", "HL": [{"HL01": "2", "HL02": "1", ...}]}]}`.

Functions for use without a route: `decode_interchange`, `split_transactions`, `encode_transaction`, `locate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossdock.core.spec import Catalog, Context, Step, TransformerSpec
from crossdock_transformers.edi.guide import GuideFile, check_guide
from crossdock_transformers.edi.own import FOLDER, GrammarFile, check_grammar
from crossdock_transformers.x12.options import DecodeOptions, EncodeOptions

if TYPE_CHECKING:
    from crossdock_transformers.x12.decode import decode_interchange
    from crossdock_transformers.x12.pieces import split_transactions
    from crossdock_transformers.x12.places import locate
    from crossdock_transformers.x12.write import encode_transaction

_FUNCTIONS = {"decode_interchange": "decode", "encode_transaction": "write", "locate": "places", "split_transactions": "pieces"}


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.x12.decode import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.x12.encode import build

    return build(options, context)


def _catalog(context: Context | None) -> Catalog:
    from crossdock_transformers.edi.catalog import catalog

    return catalog("x12", context)


def __getattr__(name: str) -> Any:
    """Import the functions when they are first used, so that reading the spec stays cheap."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)


SPEC = TransformerSpec(
    name="x12",
    summary="X12 interchanges in and out, validated and acknowledged (see `crossdock grammars x12`)",
    example="decode: { x12: { guide: acme-850 } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
    files={"guide": GuideFile, "grammar": GrammarFile},
    folders={FOLDER: "grammar"},
    checks={"guide": check_guide, "grammar": check_grammar},
    catalog=_catalog,
)

__all__ = ["SPEC", "decode_interchange", "encode_transaction", "locate", "split_transactions"]
