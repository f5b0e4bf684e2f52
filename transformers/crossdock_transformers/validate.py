"""`validate`: a body against a JSON Schema 2020-12.

jsonschema-rs judges each message; jsonschema checks the schema itself when the route is built. Neither fetches anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from crossdock.core.errors import Finding, Refusal, Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Context, Options, Resource, Shape, TransformerSpec

MOST_FINDINGS = 20


class ValidateOptions(Options):
    """What it must look like."""

    SHORTHAND: ClassVar[str] = "schema_name"
    model_config = ConfigDict(populate_by_name=True)

    schema_name: str = Field(alias="schema", description="the schema's name: `order.v1` is order.v1.schema.json")


@dataclass(frozen=True)
class Validate:
    """The step."""

    name: str
    shape: Shape
    validator: Any

    def apply(self, message: Message) -> Message:
        """Return the message as it is; raises Rejected with a finding for each fault."""
        if self.validator.is_valid(message.body):
            return message
        findings = [_finding(error) for error in islice(self.validator.iter_errors(message.body), MOST_FINDINGS)]
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise Rejected(
            f"this is no {self.name}: {first.where or 'the whole'}: {first.message}{more}", code="schema", findings=findings
        )


def _finding(error: Any) -> Finding:
    where = "".join(f"/{step}" for step in error.instance_path)
    return Finding(code="schema", message=str(error.message)[:300], where=where)


def compiled(resource: Resource) -> Any:
    """Return a schema's validator; raises Refusal where the schema itself is wrong."""
    import jsonschema_rs

    _check(resource)
    try:
        return jsonschema_rs.Draft202012Validator(resource.data, validate_formats=True, retriever=_nothing)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise Refusal(f"schema '{resource.name}' can't be used: {error}", place=resource.at()) from None


def _nothing(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched: put what it says under $defs")


def _check(resource: Resource) -> None:
    import jsonschema

    if not isinstance(resource.data, dict):
        raise Refusal(f"schema '{resource.name}' is not an object", place=resource.at())
    try:
        jsonschema.Draft202012Validator.check_schema(resource.data)
    except jsonschema.SchemaError as error:
        raise Refusal(f"this is no JSON Schema: {error.message}", place=resource.at(*error.absolute_path)) from None


def _build(options: ValidateOptions, context: Context) -> Validate:
    resource = context.resource("schema", options.schema_name)
    return Validate(options.schema_name, resource.data, compiled(resource))


SPEC = TransformerSpec(
    name="validate",
    summary="a body against a JSON Schema; every fault is found at once",
    example="validate: order.v1",
    options=ValidateOptions,
    step=_build,
)
