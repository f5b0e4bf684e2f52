"""What endpoints answered to a message's questions (`enrich`), kept with the history of the delivery that asked.

By it a shadow replay goes on beyond a question. It is content: traces do not show it, and it goes with the events (`purge`).
"""

from __future__ import annotations

from crossdock.core.journal import Concluded, RecordedAnswer
from crossdock.core.message import dump_held, load_held
from crossdock.runtime.journal.database import Line, Session
from crossdock.runtime.journal.purged import PURGED
from crossdock.runtime.journal.rows import payload_of
from crossdock.runtime.journal.texts import dump, load

LARGEST = 256 * 1024
"""Answers of more characters are not kept."""
ANSWER = "answer"


def with_answer(event: Line, result: Concluded) -> Line:
    """Return an event with what was answered, where a message waits for it."""
    text = dump_held(result.wake.slot) if result.wake is not None else ""
    if not text or len(text) > LARGEST:
        return event
    return (*event[:-1], dump({**load(str(event[-1])), ANSWER: text}))


def answers(session: Session, message: str) -> list[RecordedAnswer]:
    """Return what was answered to a message that came in, to its parts, and to what its events started, in order."""
    names = {name.partition(".")[0] for _, name in session.all("purge_bases", roots=[message])}
    found = []
    for endpoint, operation, payload, text in session.all("answers", bases=sorted(names)):
        slot = load(text).get(ANSWER)
        data, kind = payload_of(session, payload)
        if slot and kind != PURGED:
            found.append(RecordedAnswer(endpoint, operation, data, kind, load_held(slot)))
    return found
