"""The structure that a layout's fields or an XSD give to documents, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from crossdock.core.errors import Finding, Refusal
from crossdock.core.spec import Context, Resource
from crossdock_transformers.xml.model import Element, parts_of
from crossdock_transformers.xml.options import XmlLayout
from crossdock_transformers.xml.xsd import XS, Validator, compiled, findings
from crossdock_transformers.xml.xsd_model import XsdModel


@dataclass(frozen=True)
class Structure:
    """What documents look like: a model of the outermost element (or of a record), and what validates them."""

    element: Element | None = None
    validator: Validator | None = None

    @property
    def validated(self) -> bool:
        """Whether an XSD looks for faults."""
        return self.validator is not None

    def faults(self, node: Any, place: Callable[[Any], str]) -> Iterator[Finding]:
        """Yield what an XSD finds wrong."""
        if self.validator is not None:
            yield from findings(self.validator, node, place)


def structure(layout: XmlLayout, resource: Resource, at: tuple[str | int, ...], context: Context) -> Structure:
    """Return what is known of a layout's documents; raises Refusal at its place."""
    if not layout.xsd:
        return Structure(layout.model(resource, at))
    place = resource.at(*at, "xsd")
    try:
        return _of_xsd(layout, context)
    except Refusal as refusal:
        raise Refusal(refusal.message, place=refusal.place or place) from None
    except ValueError as error:
        raise Refusal(str(error), place=place) from None


def _of_xsd(layout: XmlLayout, context: Context) -> Structure:
    validator, trees = compiled(context, layout.xsd)
    model = XsdModel(trees, layout.xsd, layout.key)
    if layout.record:
        tag = layout.steps()[-1][1]
        if tag not in model.roots:
            return _of_local(layout, tag, trees, context)
        return Structure(model.element(tag), validator)
    tag = layout.tag(layout.root) if layout.root else ""
    if not tag and len(model.roots) == 1:
        tag = model.roots[0]
    if not tag:
        names = ", ".join(parts_of(one)[1] for one in model.roots)
        raise ValueError(f"the XSD declares several elements ({names}): say which is the outermost one, `root`")
    return Structure(model.element(tag), validator)


def _of_local(layout: XmlLayout, tag: str, trees: Any, context: Context) -> Structure:
    """Return the structure of a record that the XSD declares within another element: it is declared globally as well."""
    space, name = parts_of(tag)
    root = trees[layout.xsd]
    nodes = [one for one in root.iter(f"{XS}element") if one.get("name") == name and one.getparent() is not root]
    qualified = root.get("elementFormDefault") == "qualified"
    if not nodes or space != root.get("targetNamespace", "") or (space and not qualified):
        raise ValueError(f"the XSD declares no element '{name}' that could stand alone: make it a global one")
    changed = deepcopy(root)
    copy = deepcopy(nodes[0])
    for word in ("minOccurs", "maxOccurs", "form"):
        copy.attrib.pop(word, None)
    changed.append(copy)
    text = etree.tostring(changed, encoding="unicode")
    validator, found = compiled(_Changed(context, layout.xsd, text), layout.xsd)
    return Structure(XsdModel(found, layout.xsd, layout.key).element(tag), validator)


@dataclass(frozen=True)
class _Changed:
    """A context in which one XSD is another text."""

    context: Context
    name: str
    text: str

    def resource(self, kind: str, name: str) -> Resource:
        """Return a file."""
        found = self.context.resource(kind, name)
        if (kind, name) != ("xsd", self.name):
            return found
        return Resource(kind, name, found.path, self.text, found.places)

    def names(self, kind: str) -> Any:
        """The names of a kind."""
        return self.context.names(kind)


__all__ = ["Structure", "structure"]
