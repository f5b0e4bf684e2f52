"""Makes what went wrong in compiled code a sentence with a place."""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType, TracebackType

from crossdock.core.errors import Rejected
from crossdock_transformers.expression import syntax
from crossdock_transformers.expression.code import Site, ours
from crossdock_transformers.expression.values import Fault


def rejected(error: Exception, sites: Sequence[Site]) -> Rejected:
    """Return the error for people: the site is the line of the innermost frame that we compiled."""
    frame, line = _innermost(error.__traceback__)
    site = sites[line - 1]
    message, advice = _explained(error, site)
    offset = getattr(site.node, "at", site.node.start) if site.node else 0
    return Rejected(
        f"{message}{_position(site, frame)}",
        code="expression",
        where=str(site.source.place(offset)),
        advice=advice,
        detail=f"{type(error).__name__}: {error}",
    )


def _innermost(traceback: TracebackType | None) -> tuple[FrameType | None, int]:
    frame, line = None, 1
    while traceback is not None:
        if ours(traceback.tb_frame.f_code):
            frame, line = traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
    return frame, line


def _position(site: Site, frame: FrameType | None) -> str:
    """Which element of each loop it was: ` (element 3 of body.PO1)`."""
    seen = _variables(frame, {loop.counter for loop in site.loops})
    parts = [f"element {seen[loop.counter] + 1} of {loop.over}" for loop in reversed(site.loops) if loop.counter in seen]
    return f" ({', '.join(parts)})" if parts else ""


def _variables(frame: FrameType | None, names: set[str]) -> dict[str, int]:
    """The loops' counters, from the frame or, for a function inside it, the ones around."""
    seen: dict[str, int] = {}
    while frame is not None and names - set(seen):
        if ours(frame.f_code):
            seen = {name: value for name, value in frame.f_locals.items() if name in names} | seen
        frame = frame.f_back
    return seen


def _explained(error: Exception, site: Site) -> tuple[str, str]:
    if isinstance(error, Fault):
        text = _text(site)
        return (f"{text}: {error.message}" if text else error.message), error.advice
    if isinstance(error, RecursionError):
        return "the document is nested too deeply", ""
    node = site.node
    if isinstance(error, KeyError) and isinstance(node, syntax.Select):
        return _absent(site, node)
    if isinstance(error, IndexError):
        return f"{_text(site)}: there is no such element", "test the list with size(...), or ask with [?index]"
    if isinstance(error, KeyError):
        return f"{_text(site)} is absent", "ask with [?key], or write default(..., fallback)"
    if isinstance(node, syntax.Select):
        return f"{_text(site, node.operand)} is not an object, so it has no '{node.field}'", "look at the document's body"
    if isinstance(error, ArithmeticError):
        return f"{_text(site)} can't be worked out: the numbers are too large", ""
    return (
        f"{_text(site)} can't be worked out with these values",
        "look at the document's body: a value is not of the kind that is expected",
    )


def _absent(site: Site, node: syntax.Select) -> tuple[str, str]:
    path = _text(site, node)
    return f"{path} is absent", f"test it with has({path}), or write default({path}, ...)"


def _text(site: Site, node: syntax.Node | None = None) -> str:
    node = node or site.node
    if node is None:
        return site.name
    text = " ".join(site.source.text[node.start : node.end].split())
    return text if len(text) <= 60 else f"{text[:57]}..."
