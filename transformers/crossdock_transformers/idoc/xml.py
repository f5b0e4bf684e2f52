"""IDocs in XML: the same segments as elements, below `<ORDERS05><IDOC BEGIN="1">`, each with `SEGMENT="1"`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crossdock_transformers.fixed_width.fields import Slot
from crossdock_transformers.idoc.segments import Segment
from crossdock_transformers.records.values import FieldOptions
from crossdock_transformers.xml.model import Attribute, Content, Element, Value
from crossdock_transformers.xml.options import XmlLayout

_MARKS: Final = {"@BEGIN": "BEGIN", "@SEGMENT": "SEGMENT"}


def layout_of(root: Segment, extra: str) -> XmlLayout:
    """Return where IDocs stand in XML."""
    return XmlLayout.model_validate({"record": f"/{root.name}/IDOC", "extra": extra})


def element_of(root: Segment, *, marked: bool = False) -> Element:
    """Return the model of an IDoc; `marked` with the attributes that SAP wants, to be written."""
    content = _content(root, "@BEGIN", marked=marked)
    return Element("IDOC", "IDOC", content, required=True)


def _content(segment: Segment, mark: str, *, marked: bool) -> Content:
    content = Content(attributes={mark: Attribute(mark, _MARKS[mark], Value(), required=marked)})
    for slot in segment.slots:
        inner = Content(text=_value(slot))
        content.children[slot.name] = Element(slot.name, slot.name, inner, required=slot.field.required)
    for name, below in segment.inner.items():
        inner = _content(below, "@SEGMENT", marked=marked)
        content.children[name] = Element(name, name, inner, below.many, below.required)
    return content


def _value(slot: Slot) -> Value:
    kind = FieldOptions(type=slot.field.type)
    return Value(kind, exact=slot.read_text, exact_write=slot.text)


def marked(body: Mapping[str, Any], segment: Segment) -> dict[str, Any]:
    """Return a segment's body with the attribute that SAP wants of every segment in it."""
    found: dict[str, Any] = dict(body)
    for name, inner in segment.inner.items():
        value = body.get(name)
        if isinstance(value, list):
            found[name] = [_one(item, inner) for item in value]
        elif value is not None:
            found[name] = _one(value, inner)
    return found


def _one(value: Any, segment: Segment) -> Any:
    return {"@SEGMENT": "1", **marked(value, segment)} if isinstance(value, Mapping) else value


def plain(body: Any) -> Any:
    """Return a body without the attributes that every segment has."""
    if isinstance(body, dict):
        return {name: plain(value) for name, value in body.items() if name not in _MARKS}
    return [plain(item) for item in body] if isinstance(body, list) else body


__all__ = ["element_of", "layout_of", "marked", "plain"]
