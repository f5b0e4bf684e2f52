"""XML: documents and records in and out, by a layout, an XSD, or as they stand.

    <Order id="7" xmlns="urn:shop"><Number>4711</Number><Line><Sku>S-1</Sku><Price currency="EUR">9.50</Price></Line></Order>

    {"@id": "7", "Number": "4711", "Line": [{"Sku": "S-1", "Price": {"@currency": "EUR", "#text": Decimal("9.50")}}]}

- An element with neither attributes nor elements in it is a value, any other an object: `@name` for attributes, `#text` for its
  text. With a layout or an XSD that follows from what it may have, else from what it has (or `objects:`).
- What may be repeated is a list, always: as the layout (`list: true`) or the XSD says, else as `lists:` does.
- Names are local ones; `keys: prefixed` makes them `cbc_ID`, with the prefixes of `namespaces:`.
- Comments and processing instructions are left out, and so are empty elements, and attributes of xsi.
- Records (`record: /Orders/Order`) are read one at a time, from a document of any size: `split: records`.
- A DOCTYPE is refused.
"""

from __future__ import annotations

from typing import Any

from crossdock.core.spec import Context, Step, TransformerSpec
from crossdock_transformers.xml.options import DecodeOptions, EncodeOptions
from crossdock_transformers.xml.xslt import XsltOptions


def _decode(options: Any, context: Context) -> Step:
    from crossdock_transformers.xml.read import build

    return build(options, context)


def _encode(options: Any, context: Context) -> Step:
    from crossdock_transformers.xml.write import build

    return build(options, context)


def _xslt(options: Any, context: Context) -> Step:
    from crossdock_transformers.xml.xslt import build

    return build(options, context)


def _check_xsd(name: str, context: Context) -> None:
    from crossdock_transformers.xml.xsd import check_xsd

    check_xsd(name, context)


SPEC = TransformerSpec(
    name="xml",
    summary="XML documents, valid against a layout or an XSD, or records out of files of any size; no DOCTYPE, no network",
    example="decode: { xml: { record: /Orders/Order, xsd: orders } }",
    options=DecodeOptions,
    decode=_decode,
    encode=_encode,
    encode_options=EncodeOptions,
    checks={"xsd": _check_xsd},
)
XSLT_SPEC = TransformerSpec(
    name="xslt",
    summary="makes one XML document of another by a stylesheet that somebody trusts",
    example="xslt: { stylesheet: order, trusted: true }",
    options=XsltOptions,
    step=_xslt,
)
