"""XSDs of a project: compiled once for validity, and read as a model of what elements, types and attributes there are.

Files include and import each other by name; nothing is fetched, and nothing outside of the project is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Final

from lxml import etree

from crossdock.core.errors import Finding, Place, Refusal, Rejected
from crossdock.core.spec import Context, Files
from crossdock.core.words import nearest
from crossdock_transformers.records.faults import MOST_FINDINGS, shown
from crossdock_transformers.xml.parse import parsed

XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_REFERRING: Final = (f"{XS}include", f"{XS}import", f"{XS}redefine")


class Validator:
    """A compiled XSD; any number of threads may use it."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._lock = Lock()

    def faults(self, element: Any) -> list[tuple[Any, str]]:
        """Return the faults of an element and all in it: (the element at fault, what is wrong)."""
        with self._lock:
            if self._schema.validate(element):
                return []
            entries = list(self._schema.error_log)[: MOST_FINDINGS + 1]
        return [(_found(element, entry.path), _plain(entry.message)) for entry in entries]


def _found(element: Any, path: str | None) -> Any:
    """Return the element that an error speaks of by its path from the outermost one."""
    rest = (path or "").lstrip("/").partition("/")[2]
    prefixes = (
        {name: uri for one in element.iter(etree.Element) for name, uri in one.nsmap.items() if name} if ":" in rest else {}
    )
    try:
        found = element.xpath(f"./{rest}", namespaces=prefixes) if rest else [element]
    except etree.XPathError:
        found = []
    return found[0] if found and hasattr(found[0], "tag") else element


def _plain(message: str) -> str:
    """Return a message of the validator without namespaces."""
    pieces = message.rstrip(".").split("{")
    text = pieces[0] + "".join(piece.partition("}")[2] for piece in pieces[1:])
    return text.replace("The attribute", "the attribute").replace("This element is not expected.", "is not expected here.")


def compiled(context: Files, name: str) -> tuple[Validator, Mapping[str, Any]]:
    """Return an XSD's validator, and the trees of all its files by their names; raises Refusal at its place."""
    found: dict[str, tuple[str, str]] = {}
    _collect(context, name, found)
    return _compiled(name, tuple((one, *found[one]) for one in found))


def _collect(context: Files, name: str, found: dict[str, tuple[str, str]]) -> None:
    """Gather an XSD and all that it refers to: {name: (text with references by name, path)}."""
    if name in found:
        return
    resource = context.resource("xsd", name)
    found[name] = ("", resource.path)
    try:
        root = parsed(str(resource.data).encode())
    except Rejected as error:
        line = int(error.where.split(",")[0].removeprefix("line ") or 1) if error.where.startswith("line ") else 1
        raise Refusal(error.message, place=Place(resource.path, line)) from None
    for node in root.iter(*_REFERRING):
        location = node.get("schemaLocation")
        if location is None:
            continue
        target = location.replace("\\", "/").rpartition("/")[2].removesuffix(".xsd")
        if target not in context.names("xsd"):
            raise Refusal(
                f"there is no {target}.xsd beside the routes, which this file refers to{nearest(target, context.names('xsd'))}",
                place=Place(resource.path, node.sourceline),
            )
        node.set("schemaLocation", f"{target}.xsd")
        _collect(context, target, found)
    found[name] = (etree.tostring(root, encoding="unicode"), resource.path)


@lru_cache(maxsize=64)
def _compiled(name: str, files: tuple[tuple[str, str, str], ...]) -> tuple[Validator, Mapping[str, Any]]:
    paths = {one: path for one, _, path in files}
    with TemporaryDirectory() as folder:
        for one, text, _ in files:
            (Path(folder) / f"{one}.xsd").write_text(text, encoding="utf-8")
        try:
            schema = etree.XMLSchema(file=str(Path(folder) / f"{name}.xsd"))
        except etree.XMLSchemaParseError as error:
            first = next(iter(error.error_log), None)
            at = Path(first.filename).stem if first is not None and first.filename else name
            line = first.line if first is not None else 1
            raise Refusal(_plain(str(first.message if first else error)), place=Place(paths.get(at, paths[name]), line)) from None
    return Validator(schema), {one: etree.fromstring(text.encode()) for one, text, _ in files}


def check_xsd(name: str, context: Context) -> None:
    """Look closely at an XSD; raises Refusal."""
    compiled(context, name)


def findings(validator: Validator, element: Any, place: Any) -> Iterator[Finding]:
    """Yield what is wrong with an element; `place` tells where one stands."""
    for node, message in validator.faults(element):
        text = (node.text or "").strip()
        yield Finding("xsd", message, place(node), text[:60] if not len(node) else "")


__all__ = ["XS", "Validator", "check_xsd", "compiled", "findings", "shown"]
