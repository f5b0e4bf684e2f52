"""Documents that came before: a whole one is set aside, of a file with several interchanges only those that are copies.

What is set aside keeps its bytes and its keys, so that an operator can let it in after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crossdock.core.errors import Rejected
from crossdock.core.ids import child_id
from crossdock.core.message import Message
from crossdock.core.outcome import Claim, Outcome, State, told

FIRST = 2_000_000_000
"""The number of the first copy among a message's parts: no document has as many parts."""


def may_differ(claims: Sequence[Claim]) -> bool:
    """Tell whether a document has several parts that may each be a copy: it is asked for before anything is committed."""
    return sum(bool(claim.part) for claim in claims) > 1


def is_whole(outcome: Outcome, taken: Sequence[Claim]) -> bool:
    """Tell whether all of a document is a copy."""
    parts = sum(bool(claim.part) for claim in outcome.claims)
    return any(not claim.part for claim in taken) or 0 < parts == len(taken)


def whole(message: Message, outcome: Outcome, taken: Sequence[Claim]) -> Outcome:
    """Return the outcome of a copy: nothing of it is done, the partner is answered if that was agreed."""
    closings = [outcome.refuse(claim) for claim in taken]
    return Outcome(
        message,
        State.DUPLICATE,
        tuple(delivery for closing in closings for delivery in closing.deliveries),
        stages=outcome.stages,
        error=_error(taken[0], outcome.claims),
        resume=message.control.resume,
    )


def part(message: Message, outcome: Outcome, taken: Claim) -> Outcome:
    """Return the outcome of one part that is a copy: a message of its own, as it came."""
    closing = outcome.refuse(taken)
    copy = replace(
        message,
        id=child_id(message.id, FIRST + taken.part),
        body=closing.raw,
        keys={**message.keys, **closing.keys},
        causation_id=message.id,
        held={},
    )
    return Outcome(copy, State.DUPLICATE, closing.deliveries, error=_error(taken, [taken]), resume=message.control.resume)


def _error(taken: Claim, claims: Sequence[Claim]) -> Rejected:
    return Rejected(
        f"{taken.what} was {taken.verb} before, as message {taken.holder}",
        code="duplicate",
        advice="if the partner means it, let it in: `crossdock failed admit`",
        detail=told(claims),
    )


__all__ = ["is_whole", "may_differ", "part", "whole"]
