"""A project's maps for the command line: run, explained and measured, without any route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from crossdock.core.errors import Misconfigured, Place, Problem, Refusal, Refusals, Rejected
from crossdock.core.message import Control, Message
from crossdock.core.program import variables
from crossdock.core.spec import Context, Resource, TransformerSpec
from crossdock_config.loader import surroundings
from crossdock_transformers.map.program import Map, compile_map
from crossdock_transformers.map.trace import Explainer, Origin, copied, leaves, watched

_EDI: Final = ("x12", "edifact")
_LAYOUTS: Final = ("csv", "fixed_width", "idoc", "xml")


class MapDesk:
    """A project's maps."""

    def __init__(self, root: Path, environment: str) -> None:
        context, self._problems = surroundings(root, environment)
        self._root = root
        self._registry = context.project.registry
        self.context: Context = context

    @property
    def names(self) -> list[str]:
        """The names of the maps."""
        return sorted(self.context.names("map"))

    def resource(self, name: str) -> Resource:
        """Return a map's file; raises LookupError where there is none, Misconfigured where it can't be read."""
        if name not in self.names:
            raise LookupError(name)
        try:
            return self.context.resource("map", name)
        except Refusal:
            advice = "`crossdock check` shows all problems"
            raise Misconfigured(f"the map '{name}' can't be read", problems=[*self._problems], advice=advice) from None

    def compiled(self, name: str) -> Map:
        """Return a map; raises LookupError, and Misconfigured with all that is wrong with it."""
        resource = self.resource(name)
        try:
            return compile_map(resource, self.context)
        except (Refusal, Refusals) as error:
            refusals = error.refusals if isinstance(error, Refusals) else (error,)
            problems = [Problem.at(one.place or Place(resource.path), one.message) for one in refusals if one.message]
        raise Misconfigured(f"the map '{name}' can't be used", problems=problems, advice="`crossdock check` shows all problems")

    def run(self, name: str, data: bytes, partner: str = "") -> Iterator[Any]:
        """Yield what a map makes of each document of a file; raises Rejected as a route would, at the first bad one."""
        made = self.compiled(name)
        for message in self.documents(name, data, partner):
            yield made(variables(message))

    def explain(self, name: str, path: str, data: bytes | None, partner: str = "") -> list[Origin]:
        """Return what makes a field of the target, for a file's first document with its values; raises Refusal."""
        self.compiled(name)
        first = next(iter(self.documents(name, data, partner)), None) if data is not None else None
        return Explainer(self.context, self.resource(name), variables(first) if first else None).explain(path)

    def samples(self, name: str) -> list[Path]:
        """Return the sample files beside a map."""
        folder = (self._root / self.resource(name).path).parent / "samples"
        return sorted(path for path in folder.glob("*") if path.is_file())

    def coverage(self, name: str, files: Sequence[Path], partner: str = "") -> Mapping[str, Any]:
        """Return the fields of samples that a map reads, those that it does not, and what could not be read of the files."""
        made, there, read, used = self.compiled(name), dict[str, None](), set[str](), []
        unread: dict[str, str] = {}
        for file in files:
            documents, error = self._readable(name, file.read_bytes(), partner)
            used += [file.name] if documents else []
            unread |= {file.name: error} if error else {}
            for message in documents:
                there |= dict.fromkeys(leaves(message.body))
                read |= _read(made, message)
        ignored = [path for path in there if path not in read]
        counts = {"fields": len(there), "read": len(there) - len(ignored)}
        return {"map": name, "files": used, **counts, "ignored": ignored, "unread": unread}

    def _readable(self, name: str, data: bytes, partner: str) -> tuple[list[Message], str]:
        """The good documents of a file, and why one is not good; a file of another format has none."""
        found: list[Message] = []
        if not _may_be(self._format(name, data), data):
            return found, ""
        try:
            found.extend(self.documents(name, data, partner, strict=False))
        except Rejected as error:
            return found, error.message
        return found, ""

    def _format(self, name: str, data: bytes) -> str:
        """The format of a map's source; JSON for a schema's name, and where there is none whatever the file is."""
        source = str((self.resource(name).data or {}).get("source") or "").split(" ")[0]
        if source in (*_EDI, *_LAYOUTS):
            return source
        return "json" if source in self.context.names("schema") else _guessed(data)

    def documents(self, name: str, data: bytes, partner: str, *, strict: bool = True) -> Iterator[Message]:
        """Yield the documents of a file, decoded as the map's `source` says; raises Rejected at a bad one, or where not `strict`
        at the end."""
        format_ = self._format(name, data)
        spec = self._registry.find("transformers", format_)
        if not isinstance(spec, TransformerSpec) or spec.decode is None:
            raise Refusal(f"there is no format '{format_}'")
        step = spec.decode(spec.options.model_validate(self._options(name, format_, data, partner)), self.context)
        message = step.apply(Message("map", data, Control("map", "", source="file", partner=partner)))
        sender = partner or getattr(message.body, "partner", "")
        message = replace(message, control=replace(message.control, partner=sender))
        yield from _parts(message, strict=strict) if hasattr(message.body, "parts") else (message,)

    def _options(self, name: str, format_: str, data: bytes, partner: str) -> dict[str, Any]:
        """What a route would write for the format of a map's source."""
        source = [*str((self.resource(name).data or {}).get("source") or "").split(" "), ""]
        if format_ == "idoc":
            return {"type": source[1], "format": "xml" if data.lstrip()[:1] == b"<" else "flat"}
        if format_ in _LAYOUTS:
            return {"layout": source[1], "whole": "whole" in source}
        guide = source[-2] if source[-2] in self.context.names("guide") else ""
        return {"guide": guide, "partner": partner} if format_ in _EDI else {}


def _parts(message: Message, *, strict: bool) -> Iterator[Message]:
    bad: Exception | None = None
    for part in message.body.parts():
        bad = bad or part.error
        if part.error is None:
            yield message.with_body(part.body)
        elif strict:
            break
    if bad is not None:
        raise bad


def _may_be(format_: str, data: bytes) -> bool:
    """Whether a file may be of a format, by how it begins."""
    guessed = _guessed(data)
    if format_ not in _LAYOUTS:
        return guessed == format_
    marked = {"xml": (b"<",), "idoc": (b"<", b"EDI_DC40")}.get(format_)
    head = data[:64].lstrip(b"\xef\xbb\xbf \r\n")
    return head.startswith(marked) if marked else guessed == "json" and not head.startswith((b"<", b"{", b"["))


def _guessed(data: bytes) -> str:
    head = data[:64].lstrip()
    if head.startswith((b"UNA", b"UNB")):
        return "edifact"
    return "x12" if head.startswith(b"ISA") else "json"


def _read(made: Map, message: Message) -> set[str]:
    """The fields of a document that a map reads."""
    read: set[str] = set()
    seen = {**variables(message), "body": watched(message.body, "", read)}
    try:
        read |= set(copied(made(seen)))
    except Rejected:
        return read
    return read
