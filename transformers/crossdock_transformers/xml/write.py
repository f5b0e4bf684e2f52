"""Writes bodies as XML, in the order that a layout or an XSD declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from crossdock.core.errors import Finding, Rejected
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_transformers.layout import chosen
from crossdock_transformers.records.encoding import Encoder
from crossdock_transformers.records.faults import rejected, shown
from crossdock_transformers.records.values import Unfit, named
from crossdock_transformers.xml.model import TEXT, Content, Element, Value
from crossdock_transformers.xml.options import EncodeOptions, XmlLayout, check
from crossdock_transformers.xml.read import CONTENT_TYPE, UNIT, path_of
from crossdock_transformers.xml.structure import Structure, structure

_ADVICE: Final = "correct the document, or the map that made it"
_MOST_DEPTH: Final = 200


class Writer:
    """Makes elements of bodies."""

    def __init__(self, layout: XmlLayout) -> None:
        self._layout = layout
        self.prefixes: Any = {prefix or None: space for prefix, space in layout.namespaces.items() if space}

    def element(self, body: Any, element: Element, findings: list[Finding]) -> Any:
        """Return an element by its model."""
        node = etree.Element(element.tag, None, self.prefixes)
        self._fill(node, body, element.content, "", findings)
        return node

    def _fill(self, node: Any, body: Any, content: Content, path: str, findings: list[Finding]) -> None:
        if content.plain and not isinstance(body, Mapping):
            self._text(node, body, content.text, path, findings)
            return
        if not isinstance(body, Mapping):
            findings.append(Finding("type", f"must be an object, this is {named(body)}", path or "/"))
            return
        findings += self._strange(body, content, path)
        for attribute in content.attributes.values():
            value = body.get(attribute.key)
            if value is not None:
                text = self._told(value, attribute.value, f"{path}/{attribute.key}", findings)
                self._set(node, attribute.tag, text, f"{path}/{attribute.key}", findings)
            elif attribute.required:
                findings.append(Finding("required", "is missing", f"{path}/{attribute.key}"))
        if content.text is not None and body.get(TEXT) is not None:
            self._text(node, body[TEXT], content.text, f"{path}/{TEXT}", findings)
        for child in content.children.values():
            self._children(node, body.get(child.key), child, f"{path}/{child.key}", findings)

    def _strange(self, body: Mapping[str, Any], content: Content, path: str) -> Iterator[Finding]:
        known = [*(one.key for one in content.attributes.values()), *content.children, *([TEXT] if content.text else [])]
        for key in body:
            if key not in known:
                yield Finding("unknown", f"is not a known field{nearest(str(key), known)}", f"{path}/{key}")

    def _children(self, node: Any, value: Any, child: Element, path: str, findings: list[Finding]) -> None:
        if child.many and value is not None and not isinstance(value, list):
            findings.append(Finding("type", f"must be a list, this is {named(value)}", path))
            return
        items = [one for one in (value if child.many and value is not None else [value]) if one is not None]
        if not items and child.required:
            findings.append(Finding("required", "is missing", path))
        for index, item in enumerate(items):
            inner = etree.SubElement(node, child.tag)
            self._fill(inner, item, child.content, f"{path}/{index}" if child.many else path, findings)

    def _text(self, node: Any, value: Any, kind: Value | None, path: str, findings: list[Finding]) -> None:
        text = self._told(value, kind or Value(), path, findings)
        try:
            node.text = text
        except ValueError:
            findings.append(Finding("character", f"holds characters that XML doesn't have: {shown(text)}", path or "/"))

    def _set(self, node: Any, tag: str, text: str, path: str, findings: list[Finding]) -> None:
        try:
            node.set(tag, text)
        except ValueError:
            findings.append(Finding("character", f"holds characters that XML doesn't have: {shown(text)}", path))

    def _told(self, value: Any, kind: Value, path: str, findings: list[Finding]) -> str:
        try:
            return kind.write(value)
        except Unfit as unfit:
            findings.append(Finding(unfit.code, unfit.message, path or "/"))
            return ""

    # Without a model

    def generic(self, tag: str, body: Any, findings: list[Finding]) -> Any:
        """Return an element as a body has it: `@name`, `#text`, lists as elements that are repeated."""
        node = etree.Element(tag, None, self.prefixes)
        self._generic(node, body, "", findings, 1)
        return node

    def _generic(self, node: Any, body: Any, path: str, findings: list[Finding], depth: int) -> None:
        if depth > _MOST_DEPTH:
            raise Rejected(f"the document is nested more than {_MOST_DEPTH} levels deep", code="depth")
        if not isinstance(body, Mapping):
            self._scalar(node, body, path, findings)
            return
        for key, value in body.items():
            at = f"{path}/{key}"
            if value is None:
                continue
            if key == TEXT:
                self._scalar(node, value, at, findings)
                continue
            try:
                tag = self._layout.tag(key[1:], attribute=True) if key.startswith("@") else self._layout.tag(key)
            except ValueError as error:
                findings.append(Finding("name", str(error), at))
                continue
            if key.startswith("@"):
                self._set(node, tag, _plain(value), at, findings)
                continue
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                inner = etree.SubElement(node, tag)
                self._generic(inner, item, f"{at}/{index}" if isinstance(value, list) else at, findings, depth + 1)

    def _scalar(self, node: Any, value: Any, path: str, findings: list[Finding]) -> None:
        if isinstance(value, list):
            findings.append(Finding("type", "a list can't stand here", path or "/"))
        elif value is not None:
            self._text(node, _plain(value), None, path, findings)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class XmlEncode(Encoder):
    """Encodes a document, or records into one."""

    content_type = CONTENT_TYPE

    def __init__(self, layout: XmlLayout, options: EncodeOptions, found: Structure) -> None:
        self._layout = layout
        self._options = options
        self._structure = found
        self._writer = Writer(layout)

    def encode(self, body: Any) -> bytes:
        """Return a body as a document."""
        findings: list[Finding] = []
        root = self._records(body, findings) if self._layout.record else self._one(body, self._layout.root, findings)
        if findings:
            raise rejected("the document", findings, advice=_ADVICE)
        data: Any = etree.tostring(
            root,
            encoding=self._options.encoding,
            xml_declaration=self._options.declaration,
            pretty_print=self._options.indent,
        )
        return bytes(data)

    def _one(self, body: Any, name: str, findings: list[Finding]) -> Any:
        element = self._structure.element
        if element is None:
            return self._writer.generic(self._layout.tag(name), body, findings)
        node = self._writer.element(body, element, findings)
        if not findings:
            findings += self._structure.faults(node, path_of)
        return node

    def _records(self, body: Any, findings: list[Finding]) -> Any:
        """Return records within the elements that their path names."""
        steps = [tag for _, tag in self._layout.steps()]
        if isinstance(body, Mapping) and set(body) == {UNIT} and isinstance(body[UNIT], list):
            body = body[UNIT]
        root: Any = etree.Element(steps[0], None, self._writer.prefixes) if len(steps) > 1 else None
        inner = root
        for tag in steps[1:-1]:
            inner = etree.SubElement(inner, tag)
        nodes = [self._record(one, steps[-1], findings) for one in (body if isinstance(body, list) else [body])]
        if inner is None:
            if len(nodes) != 1:
                findings.append(Finding("records", f"a document holds one record, these are {len(nodes)}", "/"))
            return nodes[0] if nodes else None
        inner.extend(nodes)
        return root

    def _record(self, body: Any, tag: str, findings: list[Finding]) -> Any:
        if self._structure.element is None:
            return self._writer.generic(tag, body, findings)
        return self._one(body, "", findings)


def build(options: EncodeOptions, context: Context) -> XmlEncode:
    """Return the step of `encode: {xml: options}`."""
    from crossdock.core.errors import Refusal

    layout, resource, at = chosen(options, XmlLayout, context, "xml")
    check(layout, resource, at)
    found = structure(layout, resource, at, context)
    if not layout.record and not layout.root and found.element is None:
        raise Refusal("say what the outermost element is called: `root`")
    if layout.record and any(deep or name == "*" for deep, name in layout.steps()):
        raise Refusal("records are written below elements that are named: `/Orders/Order`", place=resource.at(*at, "record"))
    return XmlEncode(layout, options, found)


__all__ = ["Writer", "XmlEncode", "build"]
