"""What is said of XML: namespaces, records, the structure by a layout or an XSD."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Options, Resource
from crossdock.core.units import Size
from crossdock.core.words import nearest
from crossdock_transformers.records.stream import Reading
from crossdock_transformers.records.text import Charset
from crossdock_transformers.records.values import FieldOptions
from crossdock_transformers.xml.model import TEXT, Attribute, Content, Element, Key, Value, key_maker

_NAME: Final = re.compile(r"(?:([\w.-]+):)?([\w.-]+)")
_PATH: Final = re.compile(r"(//|/)((?:[\w.-]+:)?[\w.-]+|\*)")
MOST_BYTES: Final = 10 * 1024**2


class XmlField(FieldOptions):
    """An element or an attribute (`@name`); a bare word is the type of its text."""

    list: bool = Field(False, description="whether it may be repeated; then it is a list, always")
    fields: dict[str, XmlField] = Field(default_factory=dict, description="its attributes (`@name`) and elements, in their order")


class XmlLayout(Options):
    """What a document looks like."""

    namespaces: dict[str, str] = Field(default_factory=dict, description='prefixes and namespaces; "" for names without a prefix')
    root: str = Field("", description="the outermost element; the first of `record`, where there are records")
    record: str = Field("", description="the path of the records: `/Orders/Order`, or `//o:Order[@status='new']`")
    xsd: str = Field("", description="the XSD that documents (or records) must be valid against: `order` is order.xsd")
    fields: dict[str, XmlField] = Field(default_factory=dict, description="the elements in their order, where there is no XSD")
    lists: list[str] = Field(
        default_factory=list, description="elements that are lists always, where neither fields nor XSD say so"
    )
    objects: list[str] = Field(default_factory=list, description="elements that are objects always, for their attributes' sake")
    extra: Literal["refuse", "ignore"] = Field(
        "refuse", description="what to do with elements and attributes that are read and aren't in `fields`"
    )
    keys: Literal["local", "prefixed"] = Field("local", description="what elements are called in the body: `ID`, or `cbc_ID`")
    trim: bool = Field(True, description="whether blanks around texts are left out")

    @field_validator("record")
    @classmethod
    def _path(cls, text: str) -> str:
        path = text.partition("[")[0]
        if text and (not path.startswith("/") or "".join(map("".join, _PATH.findall(path))) != path or path.endswith("*")):
            raise ValueError(f"'{text}' is no path of records; it looks like `/Orders/Order` or `//o:Order[@status='new']`")
        return text

    @model_validator(mode="after")
    def _one(self) -> XmlLayout:
        if self.fields and self.xsd:
            raise ValueError("say the structure by `fields` or by `xsd`, not by both")
        if self.fields and not self.root and not self.record:
            raise ValueError("say as well what the outermost element is called: `root`")
        return self

    @property
    def key(self) -> Key:
        """What names elements in the body."""
        return key_maker(self.namespaces, prefixed=self.keys == "prefixed")

    def tag(self, name: str, *, attribute: bool = False) -> str:
        """Return `{namespace}name` of a name with or without a prefix; raises ValueError that says what is wrong with it."""
        found = _NAME.fullmatch(name)
        if not found:
            raise ValueError(f"'{name}' can't be a name in XML")
        prefix, local = found[1] or "", found[2]
        if prefix == "xml":
            return f"{{http://www.w3.org/XML/1998/namespace}}{local}"
        if prefix and prefix not in self.namespaces:
            raise ValueError(f"there is no prefix '{prefix}' among `namespaces`{nearest(prefix, filter(None, self.namespaces))}")
        namespace = "" if attribute and not prefix else self.namespaces.get(prefix, "")
        return f"{{{namespace}}}{local}" if namespace else local

    def steps(self) -> list[tuple[bool, str]]:
        """Return the path of the records: (whether any depth is between, qualified name or `*`)."""
        path = self.record.partition("[")[0]
        return [(axis == "//", name if name == "*" else self.tag(name)) for axis, name in _PATH.findall(path)]

    @property
    def condition(self) -> str:
        """What must hold of a record besides its path: an XPath predicate, or nothing."""
        return self.record[len(self.record.partition("[")[0]) :]

    def model(self, resource: Resource, at: tuple[str | int, ...]) -> Element | None:
        """Return the model that `fields` say, None where there are none; raises Refusals at their places."""
        if not self.fields:
            return None
        problems: list[Refusal] = []
        tag = self.steps()[-1][1] if self.record else self.tag(self.root)
        content = _content(self, XmlField(fields=self.fields), resource, at, problems)
        if problems:
            raise Refusals(problems)
        return Element(self.key(tag), tag, content, required=True)


def _content(
    layout: XmlLayout, given: XmlField, resource: Resource, at: tuple[str | int, ...], problems: list[Refusal]
) -> Content:
    content = Content()
    for name, inner in given.fields.items():
        place = (*at, "fields", name)
        try:
            _add(layout, content, name, inner, _content(layout, inner, resource, place, problems))
        except ValueError as error:
            problems.append(Refusal(str(error), place=resource.at(*place)))
    if not content.children:
        content.text = Value(given)
    return content


def _add(layout: XmlLayout, content: Content, name: str, given: XmlField, inner: Content) -> None:
    if name.startswith("@"):
        tag = layout.tag(name[1:], attribute=True)
        if given.fields or given.list:
            raise ValueError("an attribute has neither fields nor more than one value")
        content.attributes[name] = Attribute(f"@{layout.key(tag)}", tag, Value(given), given.required)
        return
    tag = layout.tag(name)
    key = layout.key(tag)
    if key in content.children:
        raise ValueError(f"two elements are called '{key}'; write `keys: prefixed` to tell them apart")
    content.children[key] = Element(key, tag, inner, given.list, given.required)


class DecodeOptions(XmlLayout, Reading):
    """How XML is read: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `shop-orders` is shop-orders.layout.yaml")
    max_depth: int = Field(64, ge=1, le=200, description="how deep elements may be nested")
    max_record_size: Size = Field(MOST_BYTES, description="a file with more between one record and the next is rejected")


class EncodeOptions(XmlLayout):
    """How XML is written: a layout, or what it would say."""

    SHORTHAND: ClassVar[str] = "layout"

    layout: str = Field("", description="the layout: `shop-orders` is shop-orders.layout.yaml")
    encoding: Charset = Field("utf-8", description="the character set; what it doesn't have is written as `&#8364;`")
    declaration: bool = Field(True, description="whether `<?xml ...?>` comes first")
    indent: bool = Field(False, description="whether elements stand in lines of their own, for people")


def check(layout: XmlLayout, resource: Resource, at: tuple[str | int, ...]) -> None:
    """Raise Refusals for what doesn't fit together, each at its place."""
    problems = list(_misfits(layout, resource, at))
    if problems:
        raise Refusals(problems)
    layout.model(resource, at)


def _misfits(layout: XmlLayout, resource: Resource, at: tuple[str | int, ...]) -> Iterator[Refusal]:
    checks: Mapping[str, Any] = {"root": lambda: layout.root and layout.tag(layout.root), "record": layout.steps}
    for option, look in checks.items():
        try:
            look()
        except ValueError as error:
            yield Refusal(str(error), place=resource.at(*at, option))
    if layout.condition:
        from lxml import etree

        try:
            etree.XPath(f"self::*{layout.condition}", namespaces={name: uri for name, uri in layout.namespaces.items() if name})
        except etree.XPathSyntaxError as error:
            yield Refusal(f"{layout.condition} is not a condition in XPath: {error}", place=resource.at(*at, "record"))


__all__ = ["TEXT", "DecodeOptions", "EncodeOptions", "XmlField", "XmlLayout", "check"]
