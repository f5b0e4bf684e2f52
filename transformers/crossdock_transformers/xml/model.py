"""What is known of an element: its place in the body, its attributes and children in order, and the type of its text.

A model comes from a layout or from an XSD. An element with neither attributes nor children is a value in the body, any other an
object: `@name` for attributes, `#text` for its text, a list where it may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from crossdock.core.spec import Shape
from crossdock_transformers.records.values import FieldOptions, Read, Write, reader, writer

TEXT: Final = "#text"
UNIT: Final = "records"


@dataclass(frozen=True)
class Value:
    """The type of a text: how it is read and written, and its shape."""

    options: FieldOptions = field(default_factory=FieldOptions)
    exact: Read | None = None
    """Reads where the options are not strict enough or too strict: the types of XSD."""
    exact_write: Write | None = None
    """Writes where the options don't say all."""

    @cached_property
    def read(self) -> Read:
        """What reads it."""
        return self.exact or reader(self.options)

    @cached_property
    def write(self) -> Write:
        """What writes it."""
        return self.exact_write or writer(self.options)

    @cached_property
    def shape(self) -> Shape:
        """Its JSON Schema."""
        return self.options.shape()


@dataclass
class Content:
    """What stands within an element. `name` is that of a global type: contents with a name may hold themselves."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    children: dict[str, Element] = field(default_factory=dict)
    text: Value | None = None
    open: bool = False
    name: str = ""

    @cached_property
    def plain(self) -> bool:
        """Whether it is nothing but text; asked when all of it is there."""
        return not self.attributes and not self.children and not self.open and self.text is not None

    @cached_property
    def by_tag(self) -> Mapping[str, Element]:
        """Its children by their qualified names."""
        return {child.tag: child for child in self.children.values()}

    @cached_property
    def by_attribute(self) -> Mapping[str, Attribute]:
        """Its attributes by their qualified names."""
        return {one.tag: one for one in self.attributes.values()}


@dataclass(frozen=True)
class Attribute:
    """An attribute: `key` is `@name`."""

    key: str
    tag: str
    value: Value
    required: bool = False


@dataclass(frozen=True)
class Element:
    """An element: `tag` is `{namespace}name`. `lenient` says that an empty one counts as being there."""

    key: str
    tag: str
    content: Content
    many: bool = False
    required: bool = False
    lenient: bool = False


def shape_of(element: Element) -> Shape:
    """Return the JSON Schema of an element's value; contents with names stand under `$defs`."""
    definitions: dict[str, Any] = {}
    found = _content(element.content, definitions)
    return {**found, "$defs": definitions} if definitions else found


def whole_shape(shape: Shape, unit: str = UNIT) -> Shape:
    """Return the shape of a file of records: a list of them, under their name."""
    inner = {key: value for key, value in shape.items() if key not in ("$defs", "$schema", "$id")}
    found = {"type": "object", "properties": {unit: {"type": "array", "items": inner}}, "required": [unit]}
    return {**found, "$defs": shape["$defs"]} if "$defs" in shape else found


def _content(content: Content, definitions: dict[str, Any]) -> dict[str, Any]:
    if content.plain:
        assert content.text is not None
        return dict(content.text.shape)
    if not content.name:
        return _object(content, definitions)
    if content.name not in definitions:
        definitions[content.name] = {}
        definitions[content.name] = _object(content, definitions)
    return {"$ref": f"#/$defs/{content.name}"}


def _object(content: Content, definitions: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {one.key: dict(one.value.shape) for one in content.attributes.values()}
    if content.text is not None:
        properties[TEXT] = dict(content.text.shape)
    required = [one.key for one in content.attributes.values() if one.required]
    for child in content.children.values():
        inner = _content(child.content, definitions)
        properties[child.key] = {"type": "array", "items": inner} if child.many else inner
        required += [child.key] if child.required else []
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": content.open}


Key = Callable[[str], str]
"""Makes an element's key of its qualified name."""


def key_maker(prefixes: Mapping[str, str], *, prefixed: bool) -> Key:
    """Return what names elements in the body: by their local name, or as `prefix_name`."""
    by_namespace = {namespace: prefix for prefix, namespace in prefixes.items() if prefix}

    def key(tag: str) -> str:
        namespace, name = parts_of(tag)
        prefix = by_namespace.get(namespace, "") if prefixed else ""
        return f"{prefix}_{name}" if prefix else name

    return key


def parts_of(tag: str) -> tuple[str, str]:
    """Return the namespace and the name of `{namespace}name`."""
    if not tag.startswith("{"):
        return "", tag
    namespace, _, name = tag[1:].partition("}")
    return namespace, name


__all__ = ["TEXT", "UNIT", "Attribute", "Content", "Element", "Key", "Value", "key_maker", "parts_of", "shape_of", "whole_shape"]
