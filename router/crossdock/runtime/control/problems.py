"""Errors as problems (RFC 9457) and back: the command line says the same sentence, wherever the journal is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from crossdock.core.access import Denied
from crossdock.core.errors import CrossdockError, Finding, Misconfigured, Problem, Refused, Rejected, Retryable

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[CrossdockError], int] = {Denied: 403, Refused: 409, Rejected: 422, Misconfigured: 422, Retryable: 503}
KINDS: Mapping[str, type[CrossdockError]] = {kind.kind: kind for kind in STATUS}


class Unauthorized(Denied):
    """Nobody knows who is asking."""


class BadRequest(CrossdockError):
    """What was asked for can't be understood."""

    kind = "bad_request"


def status_of(error: CrossdockError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, Unauthorized):
        return 401
    if isinstance(error, BadRequest):
        return 400
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def problem(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return a problem."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}


def problem_of(error: CrossdockError) -> dict[str, Any]:
    """Return an error as a problem; what is meant for the log alone is left out."""
    said: dict[str, Any] = {"kind": error.kind, "code": error.code, "where": error.where, "advice": error.advice}
    said["findings"] = [asdict(finding) for finding in error.findings]
    said["problems"] = [asdict(one) for one in getattr(error, "problems", ())]
    return problem(status_of(error), error.message, **{name: value for name, value in said.items() if value})


def error_of(found: Mapping[str, Any], status: int) -> Exception:
    """Return the error that a server has told as a problem; KeyError for what there isn't."""
    detail = str(found.get("detail", "")) or f"the server answered {status}"
    if status == 404:
        return KeyError(detail)
    kind = Unauthorized if status == 401 else KINDS.get(str(found.get("kind", "")), CrossdockError)
    rest = {name: str(found.get(name, "")) for name in ("code", "where", "advice")}
    findings = [Finding(**one) for one in found.get("findings", ())]
    if kind is Misconfigured:
        problems = [Problem(**{**one, "place": tuple(one["place"])}) for one in found.get("problems", ())]
        return Misconfigured(detail, problems=problems, **rest)
    return kind(detail, findings=findings, **rest)
