"""What the compilers of one route share: its document, the shape of the body where they stand, and the nodes' numbers."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.errors import Place, Refusal
from crossdock.core.message import dump_json
from crossdock.core.program import variable_shapes
from crossdock.core.spec import BYTES, Expression, Shape
from crossdock.core.words import nearest
from crossdock_config.endpoints import Endpoints
from crossdock_config.project import Project
from crossdock_config.yaml_source import Document, Path

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*")


@dataclass
class Scope:
    """One route while it is compiled.

    `document` is the file that is being read (another one within a `call`), `published` are the events that the route publishes,
    `shape` is what is known of the body here. `isolated` names the pattern inside of which a message can't be put away, `stored`
    has the shapes of bodies that were put aside, `labels` the numbers of named steps, `calls` the routes that are being called.
    `unit` is what the parts of the body are called, where a decoder says so: empty where it has none; with
    `whole` the decoder can also give them all at once.
    """

    project: Project
    document: Document
    endpoints: Endpoints
    policy_sets: Collection[str]
    shape: Shape | None = None
    published: set[str] = field(default_factory=set)
    route: str = ""
    isolated: str = ""
    stored: dict[str, Shape | None] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    unit: str | None = None
    whole: bool = False
    _number: int = 0
    _marks: Counter[str] = field(default_factory=Counter)

    def number(self) -> int:
        """Return the next node's number, counted from 1 in the order of the document."""
        self._number += 1
        return self._number

    def mark(self, meant: Any) -> str:
        """Return a name for a step that stays the same from release to release while what it means does: 12 hex digits.

        A second step of the route that means the same gets a name of its own.
        """
        text = dump_json(meant).decode()
        self._marks[text] += 1
        return hashlib.sha256(f"{self._marks[text]} {text}".encode()).hexdigest()[:12]

    def say(self, place: Place, message: str, code: str = "invalid") -> None:
        """Add a problem."""
        self.project.say(place, message, code)

    def expression(
        self, text: Any, at: Path, *, condition: bool = False, extra: Mapping[str, Shape | None] | None = None
    ) -> Expression | None:
        """Compile an expression against what is known of the message here; a condition must be true or false.

        `extra` are the shapes of variables beside the message's own.
        """
        place = self.document.at(*at)
        if text is None or text == "" or isinstance(text, dict | list):
            self.say(place, "an expression is expected here, such as `body.total > 100`")
            return None
        text = str(text).lower() if isinstance(text, bool) else str(text)
        expression = self.project.built(lambda: self._compiled(text, place, extra or {}), self.document, at)
        if expression is None:
            return None
        found = shape_of(expression).get("type")
        if condition and isinstance(found, str) and found != "boolean":
            self.say(place, f"a condition must be true or false; `{text}` is {'an' if found[0] in 'aio' else 'a'} {found}")
        return expression

    def bare_expression(self, text: Any, at: Path, variables: Collection[str]) -> Expression | None:
        """Compile an expression that sees no message, only variables of which nothing is known yet."""
        place, text = self.document.at(*at), str(text).lower() if isinstance(text, bool) else str(text)
        return self.project.built(lambda: self._explained(text, place, dict.fromkeys(variables)), self.document, at)

    def _compiled(self, text: str, place: Place, extra: Mapping[str, Shape | None]) -> Expression:
        return self._explained(text, place, {**variable_shapes(self.shape), **extra})

    def _explained(self, text: str, place: Place, variables: Mapping[str, Shape | None]) -> Expression:
        try:
            return self.project.expressions.compile(text, place, variables)
        except Refusal as refusal:
            raise _explained(_encoded(refusal, self.shape), text) from None

    def known_policies(self, names: Any, at: Path) -> tuple[str, ...]:
        """Return the names of policy sets; say which don't exist."""
        for index, name in enumerate(names if isinstance(names, list | tuple) else ()):
            self.project.reads.add({("policy", str(name)), *self.project.policy_reads.get(str(name), ())})
            if str(name) not in self.policy_sets:
                message = f"unknown policy set '{name}'{nearest(str(name), self.policy_sets)}"
                self.say(self.document.at(*at, index), message, "unknown")
        return tuple(str(name) for name in names) if isinstance(names, list | tuple) else ()

    def known_partner(self, name: str, place: Place, *others: str) -> bool:
        """Whether there is a partner; say so where there is none."""
        if name not in others and not self.project.has("partner", name):
            known = self.project.told("partner") | dict.fromkeys(others, "")
            self.say(place, f"unknown partner '{name}'{nearest(name, known)}", "unknown")
        return name in self.project.partners or name in others


def shape_of(expression: Expression | None) -> Shape:
    """Return what is known of an expression's value, which may be nothing."""
    shape = expression.shape if expression else None
    return shape if isinstance(shape, Mapping) else {}


def _encoded(refusal: Refusal, shape: Shape | None) -> Refusal:
    """Add why a body has no fields any more."""
    if shape is not BYTES or "body is bytes" not in refusal.message:
        return refusal
    why = "it was encoded by a step before; keep what is needed in a header there (`set_header`), and write `headers.NAME`"
    return Refusal(f"{refusal.message}: {why}", path=refusal.path, place=refusal.place)


def _explained(refusal: Refusal, text: str) -> Refusal:
    """Add the likeliest reason: a word that was meant as a text."""
    if not _WORD.fullmatch(text) or "quote it" in refusal.message:
        return refusal
    return Refusal(f"{refusal.message}; a text needs quotes of its own: '\"{text}\"'", path=refusal.path, place=refusal.place)
