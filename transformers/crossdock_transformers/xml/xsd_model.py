"""Reads XSDs as models: which elements and attributes there are, in which order, which may be repeated, and of which types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crossdock.core.words import nearest
from crossdock_transformers.records.faults import shown
from crossdock_transformers.records.values import FieldOptions, Read, Unfit
from crossdock_transformers.xml.model import Attribute, Content, Element, Key, Value, parts_of
from crossdock_transformers.xml.xsd import XS

_TABLES: Final = ("element", "attribute", "complexType", "simpleType", "group", "attributeGroup")
_INTEGERS: Final = frozenset(
    ("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger")
) | {"unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"}
_SAFE_DIGITS: Final = 18
_MOST_DIGITS: Final = 100


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip()) if len(text) <= _MOST_DIGITS else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise Unfit(f"must be a number, this is {shown(text)}", "decimal")
    return number


def _integer(text: str) -> int | Decimal:
    number = _decimal(text)
    return int(number) if len(text) <= _SAFE_DIGITS else number


def _boolean(text: str) -> bool:
    return text.strip() in ("true", "1")


_EXACT: Final[dict[str, Read]] = {"decimal": _decimal, "integer": _integer, "boolean": _boolean}


def _builtin(name: str) -> Value:
    kind = (
        "integer"
        if name in _INTEGERS
        else {"decimal": "decimal", "float": "decimal", "double": "decimal", "boolean": "boolean"}.get(name, "")
    )
    return Value(FieldOptions.model_validate({"type": kind}), _EXACT[kind]) if kind else Value()


class XsdModel:
    """The global elements of an XSD and all that is in them."""

    def __init__(self, trees: Mapping[str, Any], main: str, key: Key) -> None:
        self._key = key
        self._tables: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
        self._substitutes: dict[str, list[str]] = {}
        self._types: dict[str, Content] = {}
        self._spaces: dict[Any, str] = {}
        self._open(trees, main, "", set())

    def _open(self, trees: Mapping[str, Any], name: str, outer: str, seen: set[tuple[str, str]]) -> None:
        """Take down what a file declares; one without a namespace belongs to that of the file that includes it."""
        root = trees[name]
        space = root.get("targetNamespace", outer)
        if (name, space) in seen:
            return
        seen.add((name, space))
        self._spaces[root] = space
        for node in root:
            if not isinstance(node.tag, str):
                continue
            kind = node.tag.removeprefix(XS)
            if kind in self._tables and node.get("name"):
                tag = f"{{{space}}}{node.get('name')}" if space else node.get("name")
                self._tables[kind][tag] = node
                if head := node.get("substitutionGroup"):
                    self._substitutes.setdefault(self._qualified(node, head), []).append(tag)
            elif kind in ("include", "import", "redefine") and node.get("schemaLocation"):
                self._open(trees, node.get("schemaLocation").removesuffix(".xsd"), "" if kind == "import" else space, seen)

    def _space(self, node: Any) -> str:
        return self._spaces[node.getroottree().getroot()]

    def _qualified(self, node: Any, name: str) -> str:
        """Return `{namespace}name` of a QName as it is written at a node."""
        prefix, _, local = name.rpartition(":")
        space = node.nsmap.get(prefix or None) or ("" if prefix else self._space(node))
        return f"{{{space}}}{local}" if space else local

    @property
    def roots(self) -> list[str]:
        """The global elements, `{namespace}name`."""
        return list(self._tables["element"])

    def element(self, tag: str) -> Element:
        """Return a global element; raises ValueError with the nearest names."""
        node = self._tables["element"].get(tag)
        if node is None:
            space, name = parts_of(tag)
            hint = nearest(name, [parts_of(one)[1] for one in self.roots])
            raise ValueError(f"the XSD declares no element '{name}' in {space or 'no namespace'}{hint}")
        return self._declared(node, tag, many=False, required=True)

    def _declared(self, node: Any, tag: str, *, many: bool, required: bool) -> Element:
        required = required and node.get("nillable") not in ("true", "1")
        return Element(self._key(tag), tag, self._content(node), many, required, lenient=True)

    def _content(self, node: Any) -> Content:
        """Return what stands within an element (or has a type, for attributes)."""
        if node.get("type"):
            return self._type(self._qualified(node, node.get("type")))
        for inner in node:
            if inner.tag == f"{XS}complexType":
                content = Content()
                self._complex(inner, content)
                return content
            if inner.tag == f"{XS}simpleType":
                return Content(text=self._simple(inner))
        return Content(text=Value(), open=True) if node.tag == f"{XS}element" else Content(text=Value())

    def _type(self, name: str) -> Content:
        if name.startswith(XS):
            builtin = name.removeprefix(XS)
            return Content(text=Value(), open=True) if builtin == "anyType" else Content(text=_builtin(builtin))
        if name not in self._types:
            simple = self._tables["simpleType"].get(name)
            self._types[name] = Content(name=name)
            if simple is not None:
                self._types[name] = Content(text=self._simple(simple))
            else:
                self._complex(self._tables["complexType"][name], self._types[name])
        return self._types[name]

    def _simple(self, node: Any) -> Value:
        for inner in node:
            if inner.tag == f"{XS}restriction":
                return self._restricted(inner)
        return Value()

    def _restricted(self, node: Any) -> Value:
        base = node.get("base")
        found = self._type(self._qualified(node, base)).text if base else next((self._simple(one) for one in node), None)
        value = found or Value()
        codes = [one.get("value") for one in node if one.tag == f"{XS}enumeration"]
        if codes and value.options.type == "text":
            return Value(FieldOptions(type="text", codes=codes))
        return value

    def _complex(self, node: Any, content: Content) -> None:
        if node.get("mixed") in ("true", "1"):
            content.text = Value()
        for inner in node:
            if inner.tag in (f"{XS}simpleContent", f"{XS}complexContent"):
                self._derived(inner, content)
        self._members(node, content)

    def _derived(self, node: Any, content: Content) -> None:
        for inner in node:
            if inner.tag not in (f"{XS}extension", f"{XS}restriction"):
                continue
            base = self._type(self._qualified(inner, inner.get("base")))
            content.attributes.update(base.attributes)
            content.text = base.text
            content.open = base.open and base.name != ""
            if inner.tag == f"{XS}extension":
                content.children.update(base.children)
            elif base.text is not None:
                content.text = self._restricted(inner)
            self._members(inner, content)

    def _members(self, node: Any, content: Content) -> None:
        """Add the particles and attributes that stand in a type, a group or an extension."""
        for inner in node:
            kind = inner.tag.removeprefix(XS) if isinstance(inner.tag, str) else ""
            if kind in ("sequence", "all", "choice", "group"):
                self._particle(inner, content, many=False, required=True)
            elif kind == "attribute":
                self._attribute(inner, content)
            elif kind == "attributeGroup":
                self._members(self._tables[kind][self._qualified(inner, inner.get("ref"))], content)
            elif kind == "anyAttribute":
                content.open = True

    def _attribute(self, node: Any, content: Content) -> None:
        if node.get("use") == "prohibited":
            return
        if node.get("ref"):
            tag = self._qualified(node, node.get("ref"))
            declared = self._tables["attribute"].get(tag)
        else:
            qualified = node.get("form", node.getroottree().getroot().get("attributeFormDefault")) == "qualified"
            tag, declared = (
                f"{{{self._space(node)}}}{node.get('name')}" if qualified and self._space(node) else node.get("name"),
                node,
            )
        text = self._content(declared).text if declared is not None else None
        key = f"@{self._key(tag)}"
        content.attributes[key] = Attribute(key, tag, text or Value(), node.get("use") == "required")

    def _particle(self, node: Any, content: Content, *, many: bool, required: bool) -> None:
        kind = node.tag.removeprefix(XS) if isinstance(node.tag, str) else ""
        many = many or node.get("maxOccurs", "1") not in ("0", "1")
        required = required and node.get("minOccurs", "1") != "0"
        if node.get("maxOccurs") == "0":
            return
        if kind == "element":
            for one in self._elements(node, many=many, required=required):
                _add(content, one)
        elif kind == "any":
            content.open = True
        elif kind == "group" and node.get("ref"):
            self._particle(self._tables["group"][self._qualified(node, node.get("ref"))], content, many=many, required=required)
        elif kind in ("sequence", "all", "choice", "group"):
            for inner in node:
                self._particle(inner, content, many=many, required=required and kind != "choice")

    def _elements(self, node: Any, *, many: bool, required: bool) -> Iterator[Element]:
        """Yield the element of a particle, and those that may stand in its place."""
        if not node.get("ref"):
            form = node.get("form", node.getroottree().getroot().get("elementFormDefault"))
            space = self._space(node) if form == "qualified" else ""
            tag = f"{{{space}}}{node.get('name')}" if space else node.get("name")
            yield self._declared(node, tag, many=many, required=required)
            return
        tag = self._qualified(node, node.get("ref"))
        others = self._substitutes.get(tag, [])
        declared = self._tables["element"][tag]
        if declared.get("abstract") not in ("true", "1"):
            yield self._declared(declared, tag, many=many, required=required and not others)
        for other in others:
            yield self._declared(self._tables["element"][other], other, many=many, required=False)


def _add(content: Content, element: Element) -> None:
    """Add an element; one that is named again may be repeated."""
    before = content.children.get(element.key)
    if before is None:
        content.children[element.key] = element
    elif before.tag == element.tag:
        content.children[element.key] = replace(before, many=True, required=before.required or element.required)
    else:
        raise ValueError(f"two elements are called '{element.key}'; write `keys: prefixed` to tell them apart")


__all__ = ["XsdModel"]
