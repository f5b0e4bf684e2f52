"""Steps and expressions built for a test, out of the project's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crossdock.core.errors import Place, Refusal
from crossdock.core.nodes import Node, SplitNode, StepNode
from crossdock.core.program import Program
from crossdock.core.registry import Registry
from crossdock.core.spec import Context, Expression, Step, TransformerSpec
from crossdock.core.words import nearest


@dataclass(frozen=True)
class Workshop:
    """Builds what a test needs beside the routes; the project is read again only where it is needed."""

    files: Mapping[str, str]
    registry: Registry

    @cached_property
    def context(self) -> Context:
        """The project as components see it."""
        from crossdock_config.loader import browse

        return browse(self.files, registry=self.registry)

    def step(self, name: str, options: Any, _place: Place, use: str = "step") -> Step:
        """Build a step, or a format's `decode`; raises Refusal."""
        spec = self.registry.find("transformers", name)
        builder = getattr(spec, use, None)
        if not isinstance(spec, TransformerSpec) or builder is None:
            known = [one.name for one in self.registry.all("transformers") if getattr(one, use, None)]
            raise Refusal(f"unknown {'format' if use == 'decode' else 'step'} '{name}'{nearest(name, known)}")
        if spec.options.SHORTHAND and options is not None and not isinstance(options, Mapping):
            options = {spec.options.SHORTHAND: options}
        built: Step = builder(spec.options.model_validate(options or {}), self.context)
        return built

    def expression(self, text: str, place: Place, variables: Sequence[str]) -> Expression:
        """Compile an expression over variables of which nothing is known; raises Refusal."""
        return self.context.expressions.compile(text, place, dict.fromkeys(variables))

    def map_program(self, name: str, decode: Any, place: Place) -> Program:
        """Return a program that reads a document and maps it: `decode`, where it is one of many, a split, then the map."""
        nodes: list[Node] = []
        if decode is not None:
            format_name, options = (decode, None) if isinstance(decode, str) else next(iter(decode.items()))
            nodes.append(StepNode(1, f"decode {format_name}", place, self.step(format_name, options, place, "decode")))
            if _is_stream(format_name):
                nodes.append(SplitNode(2, "split transactions", place))
        nodes.append(StepNode(3, f"map {name}", place, self.step("map", {"map": name}, place)))
        return Program(f"map {name}", place, tuple(nodes))


def _is_stream(format_name: str) -> bool:
    """Whether a format's documents come many at once."""
    return format_name in ("x12", "edifact")
