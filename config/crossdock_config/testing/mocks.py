"""What stands in for endpoints and labelled steps while a test is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.core.errors import CrossdockError, Refused, Rejected, Retryable, UnknownEffect
from crossdock.core.message import Message
from crossdock.core.nodes import EnrichNode, Node, RecipientsNode, StepNode, TargetNode
from crossdock.core.program import Program
from crossdock.core.spec import Shape
from crossdock.core.words import nearest
from crossdock_config.cases import Mock
from crossdock_config.release import Release
from crossdock_config.testing.plain import exact
from crossdock_config.testing.rewrite import rewritten

_ERRORS: Mapping[str, type[CrossdockError]] = {
    "refused": Refused,
    "rejected": Rejected,
    "retryable": Retryable,
    "unknown_effect": UnknownEffect,
}
_ASKING = (EnrichNode, TargetNode, RecipientsNode)


@dataclass(frozen=True)
class StandIn:
    """A step that does what a test says in place of the real one."""

    label: str
    mock: Mock

    @property
    def shape(self) -> Shape | None:
        """Nothing is known of it."""
        return None

    def apply(self, message: Message) -> Message:
        """Return the message with the mock's body; raises the mock's error."""
        if self.mock.error:
            raise error_of(self.mock, self.label)
        return message.with_body(exact(self.mock.reply))


def error_of(mock: Mock, what: str) -> CrossdockError:
    """Return the error that a mock stands for."""
    return _ERRORS[mock.error](mock.message or f"'{what}' says no, as the test has it", code=mock.code)


def unknown(release: Release, route: str, mocks: Mapping[str, Mock]) -> list[str]:
    """Say of every mock that stands in for nothing what was meant."""
    labels = [label for program in release.programs.values() for label in program.labels]
    partners = [f"partner:{name}" for name in release.partners]
    known = [*(release.programs[route].labels if route in release.programs else ()), *release.endpoints, *partners]
    return [
        f"mocks: there is no label and no endpoint '{name}'{nearest(name, known)}"
        for name in mocks
        if name not in known and name not in labels
    ]


def mocked(program: Program, mocks: Mapping[str, Mock]) -> Program:
    """Return a program whose labelled steps are stood in for; those that ask or deliver are answered by `mock_of`."""
    numbers = {program.labels[label]: (label, mock) for label, mock in mocks.items() if label in program.labels}
    if not numbers:
        return program

    def change(node: Any) -> Any:
        found = numbers.get(getattr(node, "number", 0)) if isinstance(node, Node) else None
        if found is None or isinstance(node, _ASKING):
            return node
        return StepNode(node.number, node.name, node.place, StandIn(*found))

    return rewritten(program, change)


def mock_of(program: Program, mocks: Mapping[str, Mock], node: int, endpoint: str) -> Mock | None:
    """Return what stands in for an endpoint at a node: by the node's label first."""
    labels = [label for label, number in program.labels.items() if number in (node, _around(program, node))]
    return next((mocks[name] for name in (*labels, endpoint) if name in mocks), None)


def _around(program: Program, number: int) -> int:
    """Return the node that has this one inside."""
    for node in program.visit():
        if any(one.number == number for inner in node.inner for one in inner):
            return node.number
    return 0


def answer_of(mock: Mock) -> Any:
    """Return a mock's reply as the endpoint's body."""
    return exact(mock.reply)
