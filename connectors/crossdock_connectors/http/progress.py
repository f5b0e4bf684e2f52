"""How far an HTTP poll has come: the cursor, and by what an unchanged answer is known. Kept in the journal as JSON.

A cursor is a text, a number or a timestamp. What is compared must be of one kind: texts compare by their characters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.core.errors import Rejected
from crossdock.core.message import dump_body, load_body

Value = str | int | Decimal | datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached by the last look.

    `of` is the expression that the cursor comes from: another one begins anew. `etag` and `modified` are those of the answer to
    `call`, `digest` that of the last answer that was taken as a whole.
    """

    cursor: Value | None = None
    of: str = ""
    call: str = ""
    etag: str = ""
    modified: str = ""
    digest: str = ""

    @classmethod
    def load(cls, text: str, of: str) -> Reached:
        """Return what the journal keeps; nothing where nothing is kept, or where the cursor is another one."""
        kept = load_body(text.encode()) if text else {}
        if kept.get("of", of) != of:
            return cls(of=of)
        at = kept.pop("at", None)
        return cls(**{**kept, "of": of} | ({"cursor": datetime.fromisoformat(at)} if at else {}))

    def dump(self) -> str:
        """Return it as the journal keeps it."""
        kept: dict[str, Any] = {"of": self.of}
        kept |= {name: getattr(self, name) for name in ("call", "etag", "modified", "digest") if getattr(self, name)}
        if isinstance(self.cursor, datetime):
            kept["at"] = self.cursor.isoformat()
        elif self.cursor is not None:
            kept["cursor"] = self.cursor
        return dump_body(kept).decode()

    def moved(self, cursor: Value | None) -> Reached:
        """Return it with another cursor, and nothing that belongs to the former one's call."""
        return self if cursor == self.cursor else replace(self, cursor=cursor, call="", etag="", modified="")


def checked(value: Any, what: str) -> Value:
    """Return what an expression gave as a cursor; raises Rejected where it can't be one. `what` names the expression."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or value == "":
        given = "nothing" if value in (None, "") else f"a {type(value).__name__}"
        raise Rejected(f"{what} gives {given}, and a cursor is a text, a number or a timestamp")
    return value


def greatest(values: list[Value], what: str) -> Value:
    """Return the greatest of at least one; raises Rejected where they can't be compared."""
    kinds = {_kind(value) for value in values}
    if len(kinds) > 1:
        raise Rejected(
            f"{what} gives {' and '.join(sorted(kinds))}, which can't be compared; write string(...) or int(...) around it"
        )
    return max(values, key=_itself)


def later(before: Value | None, now: Value) -> Value:
    """Return the later of two cursors; the new one where they are of two kinds, as after a `start`."""
    return max(before, now, key=_itself) if before is not None and _kind(before) == _kind(now) else now


def sent(value: Value) -> str:
    """Return a cursor as it goes into a query or a header."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def _itself(value: Value) -> Any:
    """Return the value, for what compares values of one kind."""
    return value


def _kind(value: Value) -> str:
    return "texts" if isinstance(value, str) else "timestamps" if isinstance(value, datetime) else "numbers"
