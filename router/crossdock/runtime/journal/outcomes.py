"""Outcomes on their way into the journal: everything that a run wants, brought into rows.

prepare (no transaction)     encode bodies; what can't be kept makes its message a failed one, and no other's
commit  (one transaction)    claims -> control numbers -> payloads -> messages, deliveries, work, keys, events
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.core.errors import CrossdockError, Rejected
from crossdock.core.message import Message, Numbered, dump_held
from crossdock.core.outcome import Claim, Closing, Delivery, Outcome, State, told
from crossdock.runtime.journal.bodies import PLAIN, Bundle, Document

UNKEEPABLE = (TypeError, ValueError, CrossdockError, RecursionError)
"""What encoding a body may raise: a type that no document holds, a NaN, a nesting too deep."""
PENDING = (State.FAILED, State.RETRY, State.WAITING)
"""States in which a message may be run again."""
CLAIMING = (State.DONE, State.FILTERED, State.SPLIT)
"""States in which a message takes its keys: one that failed leaves them to a corrected copy."""


@dataclass(slots=True)
class Entry:
    """One outcome, prepared.

    `before` is the message as it was claimed; None for a part, which the journal hasn't seen. `own` is the body to go on from
    where that is a new one, `stored` stands for the one that it came from. `after` and `counts` are those of `Settled`.
    """

    outcome: Outcome
    spawns: tuple[Message, ...]
    before: Message | None
    after: float = 0.0
    counts: bool = True
    attempts: int = 0
    own: Document | None = None
    stored: Document = field(default_factory=lambda: Document(b"", ""))
    sent: list[Document | Numbered] = field(default_factory=list)
    spawned: list[Document] = field(default_factory=list)
    held: str = ""
    answer: Document | None = None

    @property
    def message(self) -> Message:
        """The message as the run left it."""
        return self.outcome.message

    @property
    def resume(self) -> int:
        """Where to go on: at the start of the last run where its body could not be kept."""
        if self.outcome.state in PENDING and self.before is not None and not keepable(self.message.body):
            return self.before.control.resume
        return self.outcome.resume

    @property
    def is_answered(self) -> bool:
        """Whether the partner has had its acknowledgement, or has it now: a document that failed here is not answered again."""
        outcome = self.outcome
        answers = outcome.closing is not None or (outcome.state is State.FAILED and bool(outcome.deliveries))
        return self.message.control.answered or (answers and outcome.state in PENDING)


def prepare(entry: Entry) -> Entry:
    """Encode an entry's bodies; never raises."""
    try:
        return _encoded(entry)
    except UNKEEPABLE as error:
        return unkeepable(entry, error)


def _encoded(entry: Entry) -> Entry:
    bundle = Bundle()
    if entry.before is not None:
        bundle.documents.append((entry.before.body, entry.before.content_type, entry.stored))
    message = entry.message
    entry.held = dump_held(message.held) if message.held else ""
    if _is_kept(entry) and keepable(message.body):
        entry.own = bundle.document(message.body, message.content_type)
    entry.sent = [_document(bundle, delivery) for delivery in entry.outcome.deliveries]
    if entry.outcome.answer is not None:
        entry.answer = bundle.document(entry.outcome.answer.body, entry.outcome.answer.content_type)
    entry.spawned = [bundle.document(spawn.body, spawn.content_type) for spawn in entry.spawns]
    if entry.before is None and entry.own is None and bundle.has(message.body):
        entry.own = bundle.document(message.body, message.content_type)
    return entry


def _is_kept(entry: Entry) -> bool:
    """Say whether the body is needed again: to go on from, to let a copy in, or to see what an acknowledgement said."""
    part = entry.before is None and (bool(entry.outcome.settlements) or entry.outcome.state is State.DUPLICATE)
    return part or entry.outcome.state in PENDING


def _document(bundle: Bundle, delivery: Delivery) -> Document | Numbered:
    body = delivery.body
    return body if isinstance(body, Numbered) else bundle.document(body, delivery.content_type)


def keepable(body: Any) -> bool:
    """Say whether a message can be taken up again with this body."""
    return isinstance(body, PLAIN)


def unkeepable(entry: Entry, error: BaseException) -> Entry:
    """Return the entry of a run whose results can't be kept: failed, with nothing sent."""
    reason = error.message if isinstance(error, CrossdockError) else f"{type(error).__name__}: {error}"
    told = Rejected(
        f"the result of this run can't be kept: {reason}",
        code="defect",
        detail=reason,
        advice="this is a defect of a step, not of the document: please report it with the message's id",
    )
    return failed(entry, told, State.FAILED)


def failed(entry: Entry, error: CrossdockError, state: State) -> Entry:
    """Return an entry without its effects: the message as it was before the run, in a state that says why."""
    message = entry.before or replace(entry.message, body=None, held={})
    resume = message.control.resume
    outcome = Outcome(message, state, stages=entry.outcome.stages, error=error, resume=resume)
    held = dump_held(message.held) if message.held else ""
    return replace(entry, outcome=outcome, spawns=(), own=None, sent=[], spawned=[], held=held, answer=None)


def duplicate(entry: Entry, claim: Claim, holder: str) -> Entry:
    """Return the entry of a message whose key another one has."""
    advice = "if it is meant, send it with a number of its own, or marked as a replacement" if claim.fails else ""
    error = Rejected(
        f"{claim.what} was {claim.verb} before, as message {holder}",
        code="duplicate",
        advice=advice,
        detail=told(entry.outcome.claims),
    )
    return _answered(failed(entry, error, State.FAILED if claim.fails else State.DUPLICATE), entry.outcome.refuse(claim))


def _answered(entry: Entry, closing: Closing) -> Entry:
    """Let the partner hear of the refusal; what refuses is always numbered, so that there is nothing to prepare."""
    numbered = [one for one in closing.deliveries if isinstance(one.body, Numbered)]
    outcome = replace(entry.outcome, deliveries=tuple(numbered))
    return replace(entry, outcome=outcome, sent=[one.body for one in numbered])


def wishes(entries: Sequence[Entry]) -> list[tuple[str, Sequence[Claim]]]:
    """Return what each message wants to claim."""
    return [(entry.message.id, entry.outcome.claims if _claims(entry.outcome) else ()) for entry in entries]


def _claims(outcome: Outcome) -> bool:
    return outcome.state in CLAIMING or outcome.paused or outcome.closing is not None
