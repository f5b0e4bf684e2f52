"""Errors, named by what happens next.

    CrossdockError
    ├── Retryable        the same attempt may succeed later: try again (a network, a 503, a lock)
    ├── UnknownEffect    the call may have happened: look it up at the target before sending again
    ├── Rejected         the document is wrong: answer the partner, park it for the operator
    ├── Refused          the target understood and said no: an operator decides
    └── Misconfigured    what the engineer wrote is wrong: nothing starts

`message` is for the person who must act: what is wrong, in one sentence. `where` says the place, `advice` what to do,
`findings` lists every single fault of a document. `detail` is for the log and is never shown to a partner. `answer` holds the
deliveries that tell the partner (a TA1): they go out although the message has failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text file: path relative to the project, 1-based line and column."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """`file:line`, as traces show it."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a document.

    `where` is in the document's own terms: `segment 7 (PO1), element 2 (PO102)`, or a JSON pointer such as `/lines/0/sku`.
    `code` is stable and machine-readable; for X12 it is the 997's own code.
    """

    code: str
    message: str
    where: str = ""
    value: str = ""


class CrossdockError(Exception):
    """The root: an error with a sentence, a place and an advice."""

    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        where: str = "",
        advice: str = "",
        findings: Sequence[Finding] = (),
        detail: str = "",
        answer: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.kind
        self.where = where
        self.advice = advice
        self.findings = tuple(findings)
        self.detail = detail
        self.answer = tuple(answer)

    def record(self) -> dict[str, Any]:
        """Return the error as the journal keeps it: plain JSON, empty fields left out."""
        fields: Mapping[str, Any] = {
            "kind": self.kind,
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "advice": self.advice,
            "findings": [asdict(finding) for finding in self.findings],
            "detail": self.detail,
        }
        return {name: value for name, value in fields.items() if value}


class Retryable(CrossdockError):
    """The same attempt may succeed later. `after` is the target's own wish in seconds (Retry-After), if it said one."""

    kind = "retryable"

    def __init__(self, message: str, *, after: float | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.after = after


class UnknownEffect(CrossdockError):
    """The call may or may not have happened at the target (a timeout after sending, a lost connection)."""

    kind = "unknown_effect"


class Rejected(CrossdockError):
    """The document is wrong and will stay wrong until someone repairs it."""

    kind = "rejected"


class Refused(CrossdockError):
    """The target understood the request and said no."""

    kind = "refused"


class Misconfigured(CrossdockError):
    """What the engineer wrote is wrong; all problems are in `problems`."""

    kind = "misconfigured"

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), **rest: Any) -> None:
        super().__init__(message, **rest)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in what the engineer wrote, printed as `path:line:column: message`."""

    place: tuple[str, int, int]
    message: str
    code: str = "invalid"
    severity: str = "error"

    @classmethod
    def at(cls, place: Place, message: str, code: str = "invalid") -> Problem:
        """Return a problem at a place."""
        return cls((place.path, place.line, place.column), message, code)

    def __str__(self) -> str:
        path, line, column = self.place
        return f"{path}:{line}:{column}: {self.message}"


class Refusal(ValueError):
    """A component refuses its options while it is built: the compiler turns it into a `Problem` with a position.

    `path` leads from the component's options to the value meant, `("lines", 0, "when")`; `place` overrides it when the fault
    lies in another file (a map, a guide, a schema).
    """

    def __init__(self, message: str, *, path: Sequence[str | int] = (), place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.place = place


class Refusals(ValueError):
    """Several refusals at once: a component reports all its problems, not only the first."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = tuple(refusals)
