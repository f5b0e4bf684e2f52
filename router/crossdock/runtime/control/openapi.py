"""The OpenAPI 3.1 document of the control API, made of the same table as its routes."""

from __future__ import annotations

from typing import Any

from crossdock.core.access import ROLES
from crossdock.core.version import engine
from crossdock.runtime.control.operations import Operation, by_path
from crossdock.runtime.control.problems import MEDIA_TYPE

Row = dict[str, Any]
REFUSALS = {
    "400": "what was asked for can't be understood",
    "401": "no token, or none that is known",
    "403": "no grant allows it",
    "404": "there is no such thing",
    "409": "it can't be done as things stand",
    "413": "the request is too large",
    "422": "the document, or the release, is wrong",
    "429": "too many failed attempts from this address",
    "503": "the journal can't be used now",
}


def openapi() -> Row:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossdock control API",
            "version": engine(),
            "description": "What operators do, for programs. Every act and every look at a document is in the audit log.",
        },
        "security": [{"bearer": []}],
        "paths": {path: {one.method.lower(): _operation(one) for one in found} for path, found in by_path()},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "an API token, or a token of the company's sign-on"}
            },
            "schemas": {"Problem": _problem()},
            "responses": {status: _refusal(words) for status, words in REFUSALS.items()},
        },
    }


def _operation(operation: Operation) -> Row:
    roles = [role for role, allowed in ROLES.items() if operation.permission in allowed]
    told = f"Takes the permission {operation.permission} ({', '.join(roles)})." if operation.permission else ""
    answer: Row = {"application/x-ndjson" if operation.name == "exportAudit" else "application/json": {}}
    made: Row = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": told,
        "parameters": [_parameter(operation, name) for name in operation.fields if _is_parameter(operation, name)],
        "responses": {
            "200": {"description": "done", "content": answer},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS},
        },
    }
    return made | ({"requestBody": _body(operation)} if operation.method == "POST" else {})


def _is_parameter(operation: Operation, name: str) -> bool:
    return operation.method == "GET" or name == operation.in_path


def _parameter(operation: Operation, name: str) -> Row:
    field, in_path = operation.fields[name], name == operation.in_path
    said: Row = {"name": name, "in": "path" if in_path else "query", "required": in_path or field.required}
    return said | {"description": field.what, "schema": field.schema()}


def _body(operation: Operation) -> Row:
    schema: Row = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: field.schema() for name, field in operation.fields.items()},
        "required": [name for name, field in operation.fields.items() if field.required],
    }
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _problem() -> Row:
    text: Row = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            **dict.fromkeys(("type", "title", "detail", "kind", "code", "where", "advice"), text),
            "status": {"type": "integer"},
            "findings": {"type": "array", "items": {"type": "object"}},
            "problems": {"type": "array", "items": {"type": "object"}},
        },
    }


def _refusal(words: str) -> Row:
    return {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
