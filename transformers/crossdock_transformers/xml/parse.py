"""Parses XML from strangers: no DOCTYPE, no entities, no network, and a place (line and column) for every element.

A DOCTYPE is looked for with another parser before the tree is built, and in the tree again: with entities off an undefined one
would pass silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from xml.parsers import expat

from lxml import etree

from crossdock.core.blob import STEP, Data, forget
from crossdock.core.errors import Rejected
from crossdock_transformers.records.faults import unusable

_SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,
}


class _RootReached(Exception):
    """The beginning of a document is over."""


def refuse_doctype(data: Data) -> None:
    """Look at a document's beginning; raises Rejected where it has a DOCTYPE."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _doctype
    parser.StartElementHandler = _root
    try:
        for start in range(0, len(data), STEP):
            parser.Parse(data[start : start + STEP], False)
    except (_RootReached, expat.ExpatError, LookupError, ValueError):
        return


def _doctype(*_: Any) -> None:
    raise unusable("the document has a DOCTYPE; none is taken, since it can make a parser read and grow without end", "doctype")


def _root(*_: Any) -> None:
    raise _RootReached


def parsed(data: bytes) -> Any:
    """Return the root of a document; raises Rejected."""
    if not data.strip():
        raise unusable("the document is empty", "empty")
    refuse_doctype(data)
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        raise broken(error) from None
    except (ValueError, LookupError) as error:
        raise unusable(f"this is not XML: {error}", "syntax") from None
    _check_tree(root)
    return root


def _check_tree(root: Any) -> None:
    """Refuse a DOCTYPE that the other parser has not seen."""
    if root.getroottree().docinfo.internalDTD is not None:
        _doctype()


def broken(error: Any) -> Rejected:
    """Return the rejection of a document that isn't XML, with line and column."""
    line, column = (*(error.position or ()), 0, 0)[:2]
    where = f"line {line}, column {column}"
    reason = str(error.msg or error).split(", line ")[0]
    return unusable(f"this is not XML: {reason[:1].lower()}{reason[1:]} ({where})", "syntax", where)


class Records:
    """The elements with a name, one at a time, out of a document of any size.

    At most `most` bytes may lie between the end of one and that of the next; what is behind is forgotten.
    """

    def __init__(self, data: Data, tag: str, most: int) -> None:
        self._data = data
        self._most = most
        self._parser = etree.XMLPullParser(events=("end",), tag=tag, **_SAFE)

    def __iter__(self) -> Iterator[Any]:
        since = 0
        for start in range(0, len(self._data), STEP // 16):
            piece = self._data[start : start + STEP // 16]
            self._feed(piece)
            since += len(piece)
            for element in self._ended():
                if element.getroottree().docinfo.internalDTD is not None:
                    _doctype()
                yield element
                since = 0
            if since > self._most:
                raise unusable(
                    f"there are more than {self._most} bytes without the end of a record (option `max_record_size`)", "size"
                )
            forget(self._data, start)
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise broken(error) from None
        yield from self._ended()

    def _ended(self) -> Iterator[Any]:
        events: Any = self._parser.read_events()
        for _, element in events:
            yield element

    def _feed(self, piece: bytes) -> None:
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise broken(error) from None
        except (ValueError, LookupError) as error:
            raise unusable(f"this is not XML: {error}", "syntax") from None


def forgotten(element: Any) -> None:
    """Let an element go, and all that stands before it."""
    element.clear()
    while element is not None:
        parent = element.getparent()
        if parent is not None:
            while element.getprevious() is not None:
                del parent[0]
        element = parent


class Places:
    """Tells where the elements of a document begin; it is parsed again for that, the first time that somebody asks."""

    def __init__(self, data: Data | None, root: Any) -> None:
        self._data = data
        self._root = root
        self._found: dict[Any, tuple[int, int]] | None = None

    def of(self, element: Any) -> str:
        """Return `line 7, column 5`."""
        if self._data is None:
            return f"line {element.sourceline}"
        if self._found is None:
            elements = self._root.iter(etree.Element)
            self._found = dict(zip(elements, starts(self._data), strict=False))
        line, column = self._found.get(element, (element.sourceline, 0))
        return f"line {line}, column {column}"


def starts(data: Data) -> list[tuple[int, int]]:
    """Return line and column of every start tag, in the order of the document."""
    found: list[tuple[int, int]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: found.append((parser.CurrentLineNumber, parser.CurrentColumnNumber + 1))
    try:
        parser.Parse(data[:], True)
    except (expat.ExpatError, LookupError, ValueError):
        return found
    return found


__all__ = ["Places", "Records", "broken", "forgotten", "parsed", "refuse_doctype", "starts"]
