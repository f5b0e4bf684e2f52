"""Reads elements as bodies: by a model where there is one, else by what stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from crossdock.core.blob import Blob, Data
from crossdock.core.errors import Finding, Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Context, Shape
from crossdock.core.words import nearest
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.faults import rejected, shown, unusable
from crossdock_transformers.records.stream import Record, RecordDecode
from crossdock_transformers.records.values import Unfit
from crossdock_transformers.xml.model import TEXT, UNIT, Content, Element, Value, parts_of, shape_of, whole_shape
from crossdock_transformers.xml.options import DecodeOptions, XmlLayout, check
from crossdock_transformers.xml.parse import Places, Records, forgotten, parsed, refuse_doctype
from crossdock_transformers.xml.structure import Structure, structure

CONTENT_TYPE: Final = "application/xml"
_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
Place = Callable[[Any], str]
Made = Callable[[Any], Any]


class Reader:
    """Makes a body of an element, and says all that is wrong with it."""

    def __init__(self, layout: XmlLayout, found: Structure, most_depth: int, made: Made | None = None) -> None:
        self._made = made
        self._layout = layout
        self._key = layout.key
        self._structure = found
        self._most = most_depth
        self._loose = layout.extra == "ignore"
        self._lists = frozenset(layout.lists)
        self._objects = frozenset(layout.objects)

    def read(self, node: Any, place: Place) -> tuple[Any, list[Finding]]:
        """Return an element's body, and its faults."""
        findings: list[Finding] = list(self._structure.faults(node, place))
        if findings:
            return None, findings
        element = self._structure.element
        if element is None:
            body = self._generic(node, place, findings, 1)
        else:
            if node.tag != element.tag:
                told = f"the element is called {_named(node.tag)}, not {_named(element.tag)}"
                return None, [Finding("element", told, place(node))]
            body = self._content(node, element.content, place, findings, 1)
        return self._made(body) if self._made is not None and not findings else body, findings

    # By a model

    def _content(self, node: Any, content: Content, place: Place, findings: list[Finding], depth: int) -> Any:
        self._check_depth(node, place, depth)
        if content.plain:
            if node.attrib:
                self._strange(node, node.attrib, (), place, findings)
            if len(node):
                self._no_elements(node, place, findings)
            return self._value(node.text, content.text, node, "", place, findings)
        body: dict[str, Any] = {}
        self._attributes(node, content, body, place, findings)
        for child in node.iterchildren("{*}*"):
            element = content.by_tag.get(child.tag)
            if element is not None:
                self._child(child, element, body, place, findings, depth)
            elif not content.open and not self._loose:
                names = [one.key for one in content.children.values()]
                told = f"{_local(child)} is not known in {_local(node)}{nearest(_local(child), names)}"
                findings.append(Finding("unknown", told, place(child)))
        text = _text(node)
        if content.text is not None:
            value = self._value(text, content.text, node, _local(node), place, findings)
            body |= {TEXT: value} if value is not None else {}
        elif text.strip():
            findings.append(Finding("text", f"{_local(node)} holds text beside its elements: {shown(text.strip())}", place(node)))
        findings += self._missing(node, content, body, place)
        return body

    def _child(
        self, node: Any, element: Element, body: dict[str, Any], place: Place, findings: list[Finding], depth: int
    ) -> None:
        value = self._content(node, element.content, place, findings, depth + 1)
        if value is None and element.lenient and (element.many or element.required):
            value = "" if element.content.plain and element.content.text and element.content.text.options.type == "text" else None
        if value is None:
            return
        if element.many:
            body.setdefault(element.key, []).append(value)
        elif element.key in body:
            findings.append(Finding("twice", f"{_local(node)} may be there once only", place(node)))
        else:
            body[element.key] = value

    def _attributes(self, node: Any, content: Content, body: dict[str, Any], place: Place, findings: list[Finding]) -> None:
        if not content.open:
            self._strange(node, node.attrib, content.by_attribute, place, findings)
        for tag, text in node.attrib.items():
            attribute = content.by_attribute.get(tag)
            if attribute is not None:
                value = self._value(text, attribute.value, node, attribute.key, place, findings)
                body |= {attribute.key: value} if value is not None else {}

    def _strange(self, node: Any, given: Any, known: Any, place: Place, findings: list[Finding]) -> None:
        for tag in given if not self._loose else ():
            if tag not in known and not tag.startswith(_INSTANCE):
                hint = nearest(parts_of(tag)[1], [parts_of(one)[1] for one in known])
                findings.append(Finding("unknown", f"{_local(node)} has no attribute '{parts_of(tag)[1]}'{hint}", place(node)))

    def _no_elements(self, node: Any, place: Place, findings: list[Finding]) -> None:
        told = f"{_local(node)} holds text, no elements: "
        findings += [Finding("unknown", told + _local(child), place(child)) for child in node.iterchildren("{*}*")]

    def _missing(self, node: Any, content: Content, body: dict[str, Any], place: Place) -> Iterator[Finding]:
        lenient = self._structure.validated
        for attribute in content.attributes.values():
            if attribute.required and attribute.key not in body and not lenient:
                yield Finding("required", f"{_local(node)} lacks the attribute '{attribute.key[1:]}'", place(node))
        for child in content.children.values():
            if child.required and child.key not in body and not lenient:
                yield Finding("required", f"{_local(node)} lacks {child.key}, or it is empty", place(node))

    def _value(self, text: str | None, value: Value | None, node: Any, name: str, place: Place, findings: list[Finding]) -> Any:
        given = self._trimmed(text or "")
        if not given:
            return None
        try:
            return value.read(given) if value else given
        except Unfit as unfit:
            findings.append(Finding(unfit.code, f"{name or _local(node)} {unfit.message}", place(node), given[:60]))
            return given

    def _trimmed(self, text: str) -> str:
        return text.strip() if self._layout.trim else text

    # By what stands there

    def _generic(self, node: Any, place: Place, findings: list[Finding], depth: int) -> Any:
        self._check_depth(node, place, depth)
        body: dict[str, Any] = {
            f"@{self._key(tag)}": text for tag, text in node.attrib.items() if not tag.startswith(_INSTANCE) and text
        }
        children = list(node.iterchildren("{*}*"))
        text = self._trimmed(_text(node) if children else node.text or "")
        if not children and not body and self._key(node.tag) not in self._objects and depth > 1:
            return text or None
        for child in children:
            self._put(child, self._generic(child, place, findings, depth + 1), body, place, findings)
        if text and (not children or text.strip()):
            body[TEXT] = text
        return body

    def _put(self, node: Any, value: Any, body: dict[str, Any], place: Place, findings: list[Finding]) -> None:
        key = self._key(node.tag)
        if key in self._lists:
            body.setdefault(key, [])
            body[key] += [value] if value is not None else []
        elif key in body:
            told = f"{_local(node)} is there twice; if that may be, name it under `lists`"
            findings.append(Finding("twice", told, place(node)))
        elif value is not None:
            body[key] = value

    def _check_depth(self, node: Any, place: Place, depth: int) -> None:
        if depth > self._most:
            told = f"elements are nested more than {self._most} levels deep (option `max_depth`)"
            raise unusable(told, "depth", place(node))


def _text(node: Any) -> str:
    return (node.text or "") + "".join(child.tail or "" for child in node)


def _local(node: Any) -> str:
    return parts_of(node.tag)[1]


def _named(tag: str) -> str:
    space, name = parts_of(tag)
    return f"'{name}' of {space}" if space else f"'{name}'"


def path_of(node: Any) -> str:
    """Return `Order/Line[2]/Quantity`, as people find it in the document."""
    names: list[str] = []
    while node is not None:
        same = [one for one in (node.getparent() if node.getparent() is not None else ()) if one.tag == node.tag]
        names.append(_local(node) + (f"[{same.index(node) + 1}]" if len(same) > 1 else ""))
        node = node.getparent()
    return "/".join(reversed(names))


class XmlDecode:
    """Decodes a document that is one record."""

    def __init__(self, options: DecodeOptions, reader: Reader, shape: Shape | None) -> None:
        self._options = options
        self._reader = reader
        self.shape: Shape | None = shape

    def apply(self, message: Message) -> Message:
        """Return the message with a decoded body; raises Rejected with every fault and its line and column."""
        data = message.body
        if not isinstance(data, bytes | Blob):
            raise Rejected("this message is decoded already", advice="remove one of the `decode:` steps")
        if len(data) > self._options.max_size:
            most = self._options.max_size
            raise unusable(f"the document has {len(data)} bytes; {most} are the most (option `max_size`)", "size")
        return message.with_body(self.decode(data if isinstance(data, bytes) else data.whole()))

    def decode(self, data: bytes) -> Any:
        """Return the body of a document."""
        root = parsed(data)
        places = Places(data, root)
        body, findings = self._reader.read(root, lambda node: f"{places.of(node)} ({path_of(node)})")
        if findings:
            raise rejected("the document", findings, advice="ask the sender to correct the document")
        return body


class XmlFormat:
    """Records out of a document of any size (`records.stream.Format`)."""

    content_type = CONTENT_TYPE

    def __init__(self, layout: XmlLayout, options: DecodeOptions, reader: Reader, shape: Shape | None, unit: str = UNIT) -> None:
        self._layout = layout
        self.unit = unit
        self._options = options
        self._reader = reader
        self._steps = layout.steps()
        self._holds = _condition(layout)
        self.shape: Shape | None = shape

    @property
    def whole_shape(self) -> Shape | None:
        """The records as a list, under their name."""
        return whole_shape(self.shape or {}, self.unit)

    def whole(self, _data: Data, records: Iterator[Record]) -> Any:
        """Return the records as a list, under their name."""
        return {self.unit: [record.body for record in records]}

    def records(self, data: Data) -> Iterator[Record]:
        """Yield each element that fits the path; raises Rejected where the document breaks off."""
        if not len(data):
            raise unusable("the document is empty", "empty")
        refuse_doctype(data)
        number = 0
        for node in Records(data, self._steps[-1][1], self._options.max_record_size):
            if not self._fits(node):
                continue
            if self._holds(node):
                number += 1
                yield self._record(node, number)
            forgotten(node)

    def _fits(self, node: Any) -> bool:
        tags = [*reversed([one.tag for one in node.iterancestors()]), node.tag]
        if not _matches(tags, self._steps):
            return False
        return not any(_matches(tags[:end], self._steps) for end in range(1, len(tags)))

    def _record(self, node: Any, number: int) -> Record:
        name = f"{_local(node)} {number} (line {node.sourceline})"
        body, findings = self._reader.read(node, lambda inner: f"line {inner.sourceline} ({path_of(inner)})")
        keys = {"record": str(number)}
        return Record(name, body, keys) if not findings else Record(name, None, keys, findings, _alone(node))


def _matches(tags: list[str], steps: list[tuple[bool, str]]) -> bool:
    """Say whether a way of tags from the outermost element fits the steps of a path."""
    if not steps:
        return not tags
    deep, name = steps[-1]
    if not tags or (name not in ("*", tags[-1])):
        return False
    rest = range(len(tags) - 1, -1, -1) if deep else (len(tags) - 1,)
    return any(_matches(tags[:end], steps[:-1]) for end in rest)


def _condition(layout: XmlLayout) -> Callable[[Any], bool]:
    if not layout.condition:
        return lambda _: True
    from lxml import etree

    prefixes = {name: uri for name, uri in layout.namespaces.items() if name}
    found = etree.XPath(f"boolean(self::*{layout.condition})", namespaces=prefixes)
    return lambda node: bool(found(node))


def _alone(node: Any) -> bytes:
    """Return a record as a document of its own, with the elements around it."""
    from copy import deepcopy

    from lxml import etree

    inner = deepcopy(node)
    inner.tail = None
    for outer in node.iterancestors():
        around = etree.Element(outer.tag, dict(outer.attrib), outer.nsmap)
        around.append(inner)
        inner = around
    return bytes(etree.tostring(inner, encoding="utf-8", xml_declaration=True))


def of_model(layout: XmlLayout, given: Mapping[str, Any], element: Element, shape: Shape, unit: str, made: Made) -> RecordDecode:
    """Return the step that reads records by a model; `made` changes each body, `given` are options of the reading."""
    options = DecodeOptions.model_validate(given)
    reader = Reader(layout, Structure(element), options.max_depth, made)
    return RecordDecode(XmlFormat(layout, options, reader, shape, unit), options)


def build(options: DecodeOptions, context: Context) -> XmlDecode | RecordDecode:
    """Return the step of `decode: {xml: options}`."""
    layout, resource, at = chosen(options, XmlLayout, context, "xml")
    check(layout, resource, at)
    found = structure(layout, resource, at, context)
    reader = Reader(layout, found, options.max_depth)
    shape = shape_of(found.element) if found.element is not None else None
    if layout.record:
        return RecordDecode(XmlFormat(layout, options, reader, shape), options)
    return XmlDecode(options, reader, shape)


__all__ = ["CONTENT_TYPE", "UNIT", "Reader", "XmlDecode", "XmlFormat", "build", "path_of"]
