"""The parts of a split message: where they come from, and what becomes of each beside its own run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from crossdock.core.errors import CrossdockError, Rejected
from crossdock.core.exchange import Settlement
from crossdock.core.ids import child_id
from crossdock.core.message import Message
from crossdock.core.nodes import SplitNode
from crossdock.core.outcome import Outcome, Stage, State, lenient_stages
from crossdock.core.run import REFUSED
from crossdock.core.spec import Part
from crossdock.core.visits import items_of


def parts_of(node: SplitNode, message: Message) -> Iterator[Part]:
    """Return what a split yields: a stream's own parts, or the items that an expression gives; raises Rejected."""
    if node.path is not None:
        return (Part(item, {}) for item in items_of(node, message))
    if not hasattr(message.body, "parts"):
        raise Rejected("there is nothing to split: the body is not a stream", where=node.place.short)
    parts: Iterator[Part] = message.body.parts()
    return parts


def child_of(parent: Message, index: int, part: Part) -> Message:
    """Return the message of a part, counted from 1."""
    return Message(
        id=child_id(parent.id, index),
        body=part.body,
        control=parent.control,
        content_type=part.content_type or parent.content_type,
        headers=parent.headers,
        keys={**parent.keys, **part.keys},
        correlation_id=parent.correlation_id,
        causation_id=parent.id,
        traceparent=parent.traceparent,
        received_at=parent.received_at,
        held={name: value for name, value in parent.held.items() if name != REFUSED},
    )


def as_part(outcome: Outcome, part: Part, resume: int) -> Outcome:
    """Return a part's outcome with what the part itself brings; `resume` is where parts of this split begin."""
    if outcome.error is not None and part.origin is not None:
        _place(outcome.error, part.origin)
    if not (part.links or part.exchange or part.settlements or part.remarks) and outcome.resume:
        return outcome
    return replace(
        outcome,
        stages=lenient_stages(part.remarks) + outcome.stages,
        resume=outcome.resume or resume,
        links=part.links + outcome.links,
        exchanges=(part.exchange,) if part.exchange else (),
        settlements=part.settlements,
    )


def _place(error: CrossdockError, origin: Callable[[str], str]) -> None:
    """Say of an error where in the partner's document the value stands that it speaks of."""
    place = origin(" ".join((error.message, *(finding.message for finding in error.findings[:1]))))
    error.where = ", ".join(filter(None, (error.where, place)))


def bad_part(child: Message, part: Part) -> Outcome:
    """A part that could not be decoded: kept raw, taken up again at the start, and not answered a second time."""
    control = replace(child.control, resume=0, answered=True)
    message = replace(child, body=part.raw, control=control)
    error = part.error if isinstance(part.error, CrossdockError) else Rejected(str(part.error))
    exchanges = (part.exchange,) if part.exchange else ()
    return Outcome(message, State.FAILED, error=error, stages=(Stage("decode", error.where, 0, "failed"),), exchanges=exchanges)


def acknowledgement(child: Message, part: Part) -> Outcome:
    """A part that ends here: what it says is settled by the journal. It is kept as it came."""
    message = replace(child, body=part.raw, control=replace(child.control, resume=0, answered=True))
    return Outcome(message, State.DONE, stages=(Stage("acknowledgement", "", 0, _told(part.settlements)),))


def _told(settlements: Sequence[Settlement]) -> str:
    said = [f"{one}: {one.verdict.replace('_', ' ')}" for one in settlements[:3]]
    return "; ".join(said) + (f" and {len(settlements) - 3} more" if len(settlements) > 3 else "")
