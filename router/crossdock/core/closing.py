"""The end of a document that a route decoded and did not split: its sender is answered whatever became of it after that.

What an acknowledgement says is whether a document could be read. A route that breaks later, waits or tries again owes it all the
same, and gives it once: the message is answered then, and its keys are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crossdock.core.errors import CrossdockError, Finding, Rejected
from crossdock.core.exchange import Exchange, Settlement
from crossdock.core.outcome import Closing, Outcome, Stage, State, lenient_stages, unanswered
from crossdock.core.spec import Stream


@dataclass(slots=True)
class _Told:
    """What a stream's parts bring beside their bodies, and the error of the first bad one."""

    exchanges: list[Exchange] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    error: CrossdockError | None = None


def answered(outcome: Outcome, stream: Stream, last: int) -> Outcome:
    """Return the outcome with the answer to a stream that was not split; with a bad part it failed, at the `last` node."""
    try:
        told = _told(stream)
        closing = stream.finish()
    except Exception as error:  # noqa: BLE001 - the document's own code may break in any way
        return _unanswerable(outcome, error, last)
    if told.error is not None and outcome.state in (State.DONE, State.FILTERED):
        outcome = _failed(outcome, told.error, last)
    return replace(
        outcome,
        deliveries=outcome.deliveries + closing.deliveries,
        stages=(*outcome.stages, *_stages(closing, told)),
        refuse=getattr(stream, "refuse", unanswered),
        exchanges=tuple(told.exchanges),
        settlements=(*told.settlements, *closing.settlements),
        closing=closing,
    )


def _told(stream: Stream) -> _Told:
    told = _Told()
    for part in stream.parts():
        told.exchanges += [part.exchange] if part.exchange else []
        told.settlements += part.settlements
        told.remarks += part.remarks
        if part.error is not None and told.error is None:
            told.error = part.error if isinstance(part.error, CrossdockError) else Rejected(str(part.error))
    return told


def _stages(closing: Closing, told: _Told) -> Iterator[Stage]:
    if closing.note:
        yield Stage("close", "", 0, closing.note)
    yield from lenient_stages((*closing.remarks, *told.remarks))


def _failed(outcome: Outcome, error: CrossdockError, last: int) -> Outcome:
    return replace(outcome, state=State.FAILED, deliveries=(), events=(), releases=(), answer=None, error=error, resume=last)


def _unanswerable(outcome: Outcome, error: Exception, last: int) -> Outcome:
    """Fail what had come to its end; what had not keeps its own reason, and the trace tells of this one."""
    if not isinstance(error, CrossdockError):
        detail = f"{type(error).__name__}: {error}"
        error = Rejected(f"the answer to its sender broke: {type(error).__name__}", code="defect", detail=detail)
    if outcome.state in (State.DONE, State.FILTERED):
        return _failed(outcome, error, last)
    return replace(outcome, stages=(*outcome.stages, Stage("close", error.where, 0, f"no answer was made: {error.message}")))


__all__ = ["answered"]
