"""XSLT: a stylesheet makes one document of another. A stylesheet is a program, so the route must say that it is trusted."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from crossdock.core.blob import Blob
from crossdock.core.errors import Place, Refusal, Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Context, Options, Shape, Step
from crossdock.core.units import Size

CONTENT_TYPE: Final = "application/xml"


class XsltOptions(Options):
    """Which stylesheet, and that it is trusted."""

    SHORTHAND: ClassVar[str] = "stylesheet"

    stylesheet: str = Field(description="the stylesheet: `order` is order.xslt")
    trusted: bool = Field(False, description="says that somebody has read the stylesheet: it is a program, and may never end")
    max_size: Size = Field(20 * 1024**2, description="a greater document is rejected")


class XsltStep:
    """Transforms the bytes of a document; a stylesheet reads no file, writes none and knows no network."""

    shape: Shape | None = None

    def __init__(self, options: XsltOptions, transform: Any) -> None:
        self._options = options
        self._transform = transform

    def apply(self, message: Message) -> Message:
        """Return the message with what the stylesheet makes of it; raises Rejected."""
        from lxml import etree

        from crossdock_transformers.xml.parse import parsed

        data = message.body
        if not isinstance(data, bytes | Blob):
            raise Rejected("a stylesheet takes the bytes of a document", advice="put this step before `decode: xml`")
        if len(data) > self._options.max_size:
            raise Rejected(f"the document has {len(data)} bytes; {self._options.max_size} are the most", code="size")
        root = parsed(data if isinstance(data, bytes) else data.whole())
        try:
            result = self._transform(root)
        except etree.XSLTError as error:
            raise Rejected(f"the stylesheet {self._options.stylesheet} fails on this document: {error}", code="xslt") from None
        return message.with_body(bytes(result), CONTENT_TYPE)


def build(options: XsltOptions, context: Context) -> Step:
    """Return the step of `xslt: options`; raises Refusal where nobody says that the stylesheet is trusted."""
    from lxml import etree

    if not options.trusted:
        raise Refusal("a stylesheet is a program: read it, and write `trusted: true`; or write a map, which always ends")
    resource = context.resource("xslt", options.stylesheet)
    control: Any = etree.XSLTAccessControl
    try:
        from crossdock_transformers.xml.parse import parsed

        return XsltStep(options, etree.XSLT(parsed(str(resource.data).encode()), access_control=control.DENY_ALL))
    except Rejected as error:
        raise Refusal(error.message, place=Place(resource.path)) from None
    except etree.XSLTParseError as error:
        line = next((entry.line for entry in error.error_log), 1)
        raise Refusal(f"this stylesheet can't be used: {error}", place=Place(resource.path, line or 1)) from None


__all__ = ["XsltOptions", "XsltStep", "build"]
