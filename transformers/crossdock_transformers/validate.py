"""Validation against a JSON Schema 2020-12: the step `validate: order.v1`, and the same check for decoders.

jsonschema-rs does the work (ten-line orders at about 100,000/s, Decimals compared exactly); the schema itself is checked with
`jsonschema`, for its messages. Both are told to fetch nothing: a `$ref` stays within the project, whose loader has brought all
that it leads to into the schema's own `$defs`. A schema's `examples` must fit it. `format` is checked, unknown formats are
refused, and patterns are those of a linear engine, so that no document can stall a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Final

from pydantic import ConfigDict, Field

from crossdock.core.errors import Finding, Refusal, Refusals, Rejected
from crossdock.core.message import Message
from crossdock.core.spec import Context, Options, Resource, Shape, Step, TransformerSpec
from crossdock.core.words import nearest

MOST_DEPTH: Final = 200
"""How deep a document may be where its schema refers to itself; the validator's own recursion has no limit there."""
MOST_FINDINGS: Final = 20
"""How many faults of one document are listed."""
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_DATA: Final = frozenset(("const", "enum", "default", "examples"))
"""Keywords that hold data, not schemas."""


class ValidateOptions(Options):
    """`validate: name`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    SHORTHAND: ClassVar[str] = "schema"

    name: str = Field(alias="schema", description="the schema's name: `order.v1` is order.v1.schema.json")


@dataclass(frozen=True, slots=True)
class ValidateStep:
    """Lets a document pass that fits its schema."""

    validator: Validator

    @property
    def shape(self) -> Shape | None:
        """What is known afterwards: the schema."""
        return self.validator.schema if isinstance(self.validator.schema, Mapping) else None

    def apply(self, message: Message) -> Message:
        """Return the message; raises Rejected with one finding for each fault."""
        if isinstance(message.body, bytes):
            raise Rejected("only decoded documents can be validated", advice="add a `decode:` step before this one")
        self.validator.check(message.body)
        return message


class Validator:
    """A compiled schema."""

    def __init__(self, resource: Resource) -> None:
        self.name = resource.name
        self.schema: Any = resource.data
        _check(resource)
        self._compiled = _compiled(resource)
        self._fits = self._compiled.is_valid
        self._recursive = _recursive(resource.data)

    def check(self, body: Any) -> None:
        """Return if the body fits; raises Rejected that lists its faults, `where` as JSON pointers."""
        if self._recursive and _deeper(body, MOST_DEPTH):
            raise Rejected(f"the document is nested more than {MOST_DEPTH} levels deep", code="depth")
        try:
            if self._fits(body):
                return
            findings = list(islice(self._findings(body), MOST_FINDINGS + 1))
        except ValueError as error:
            raise Rejected(f"this can't be validated: {error}", code="unreadable") from None
        raise self._rejected(findings)

    def _findings(self, body: Any) -> Iterator[Finding]:
        for error in self._compiled.iter_errors(body):
            yield from _found(error)

    def _rejected(self, findings: Sequence[Finding]) -> Rejected:
        count = str(len(findings)) if len(findings) <= MOST_FINDINGS else f"more than {MOST_FINDINGS}"
        first = findings[0]
        noun = "fault" if len(findings) == 1 else "faults"
        return Rejected(
            f"the document has {count} {noun} against {self.name}: {first.where or '/'} {first.message}",
            code="schema",
            where=first.where or "/",
            advice="correct the document, or the map that made it",
            findings=findings[:MOST_FINDINGS],
        )


def _build(options: Any, context: Context) -> Step:
    return ValidateStep(_validator(options.name, context))


def _validator(name: str, context: Context) -> Validator:
    """Return a schema's validator, made once for all who use it."""
    resource = context.resource("schema", name)
    return context.once(("validator", name), lambda: Validator(resource))


# The schema itself


def _compiled(resource: Resource) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(
            resource.data,
            validate_formats=True,
            ignore_unknown_formats=False,
            retriever=_fetch_nothing,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except jsonschema_rs.ValidationError as error:
        where = [part for part in error.instance_path if isinstance(part, str | int)]
        raise Refusal(_first_line(error), place=resource.at(*where)) from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise Refusal(f"this schema can't be used: {_first_line(error)}", place=resource.at()) from None


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error).splitlines()[0]
    hint = "; look-around and back-references are not taken, since they can stall" if "regex" in text else ""
    return f"{text}{hint}"


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"nothing is fetched: {uri}")


def _check(resource: Resource) -> None:
    """Refuse a schema that is not valid; raises Refusals with all problems and their places."""
    problems = list(_bad_draft(resource)) or _against_metaschema(resource)
    problems = problems or list(_bad_references(resource, resource.data, ()))
    if problems:
        raise Refusals(problems)


def _against_metaschema(resource: Resource) -> list[Refusal]:
    """Return what the metaschema finds; the quick validator says whether, the thorough one what."""
    import jsonschema_rs

    with suppress(ValueError):  # too deep, or a number that it has no room for: the thorough one takes it
        if jsonschema_rs.meta.is_valid(resource.data):
            return []
    from jsonschema import Draft202012Validator

    found = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(resource.data)
    return [Refusal(_shortened(error.message), place=resource.at(*error.absolute_path)) for error in found]


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}..."


def _bad_draft(resource: Resource) -> Iterator[Refusal]:
    data = resource.data
    draft = data.get("$schema", _DRAFT) if isinstance(data, Mapping) else _DRAFT
    if draft != _DRAFT:
        yield Refusal(f'schemas are written in JSON Schema 2020-12: "$schema": "{_DRAFT}"', place=resource.at("$schema"))


def _bad_references(resource: Resource, node: Any, path: tuple[str | int, ...]) -> Iterator[Refusal]:
    if isinstance(node, Mapping):
        yield from _bad_reference(resource, node, path)
        for name, inner in node.items():
            if name not in _DATA:
                yield from _bad_references(resource, inner, (*path, name))
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _bad_references(resource, inner, (*path, index))


def _bad_reference(resource: Resource, node: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Refusal]:
    for word in ("$ref", "$dynamicRef"):
        target = node.get(word)
        if not isinstance(target, str):
            continue
        place = resource.at(*path, word)
        if not target.startswith("#"):
            yield Refusal(f"'{target}' leads out of this file; copy it under \"$defs\" and refer to '#/$defs/...'", place=place)
        elif target.startswith("#/") and not _leads(target, resource.data):
            names = resource.data.get("$defs", {}) if isinstance(resource.data, Mapping) else {}
            hint = nearest(target, [f"#/$defs/{name}" for name in names])
            yield Refusal(f"there is nothing at '{target}'{hint}", place=place)


def _leads(pointer: str, data: Any) -> bool:
    return _target(pointer, data) is not None


def _target(pointer: str, data: Any) -> Any:
    """Return what a local pointer leads to, None where there is nothing."""
    for part in pointer[2:].split("/") if pointer.startswith("#/") else ():
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        elif isinstance(data, Mapping) and key in data:
            data = data[key]
        else:
            return None
    return data


def _recursive(data: Any) -> bool:
    """Whether a schema leads back to itself, so that the document alone says how deep the validator goes."""
    following = {target: set(_references(_target(target, data))) for target in _references(data)}
    return "#" in following or any(target in _reached(target, following) for target in following)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from (str(node[word]) for word in ("$ref", "$dynamicRef") if word in node)
    inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    for value in inner:
        yield from _references(value)


def _reached(start: str, following: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = set(following[start])
    while ahead - reached:
        reached |= ahead
        ahead = set().union(*(following.get(target, set()) for target in reached))
    return reached


def _deeper(body: Any, most: int) -> bool:
    level = [body]
    for _ in range(most):
        level = [item for value in level for item in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


# A document's faults, in words

_TYPES: Final = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_FORMATS: Final = {
    "date": "a date such as 2026-10-15",
    "date-time": "a date and time such as 2026-10-15T09:30:00Z",
    "time": "a time such as 09:30:00Z",
    "email": "an e-mail address",
    "uuid": "a UUID",
    "uri": "a URI",
}
_SENTENCES: Final = {
    "const": "must be {value}, not {given}",
    "minLength": "must have at least {value} characters",
    "maxLength": "must have at most {value} characters",
    "minimum": "must be at least {value}, not {given}",
    "exclusiveMinimum": "must be more than {value}, not {given}",
    "maximum": "must be at most {value}, not {given}",
    "exclusiveMaximum": "must be less than {value}, not {given}",
    "multipleOf": "must be a multiple of {value}, not {given}",
    "minItems": "must have at least {value} elements",
    "maxItems": "must have at most {value} elements",
    "minProperties": "must have at least {value} fields",
    "maxProperties": "must have at most {value} fields",
    "pattern": "must match {value}, which {given} does not",
    "uniqueItems": "has an element twice",
    "contains": "lacks an element that must be there",
    "anyOf": "fits none of the forms that are allowed",
    "oneOf": "must fit exactly one of the forms that are allowed",
    "not": "has a form that is not allowed",
    "falseSchema": "is not allowed",
    "additionalItems": "has more elements than are allowed",
    "unevaluatedItems": "has more elements than are allowed",
    "propertyNames": "has a field with a name that is not allowed",
}


def _found(error: Any) -> Iterator[Finding]:
    """Yield the findings of one error: each unknown field is one, and a missing field is named as the place."""
    keyword, value, where = error.kind.name, error.kind.value, _pointer(error.instance_path)
    if keyword == "required":
        yield Finding(keyword, "is missing", f"{where}{_pointer([value])}")
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        yield from (Finding(keyword, "is not a known field", f"{where}{_pointer([name])}") for name in value)
    else:
        yield Finding(keyword, _sentence(keyword, value, error.instance), where, _given(error.instance))


def _sentence(keyword: str, value: Any, instance: Any) -> str:
    if keyword == "type":
        wanted = " or ".join(_TYPES.get(name, name) for name in sorted(value, key=lambda name: name == "null"))
        return f"must be {wanted}, not {_TYPES[_type(instance)]}"
    if keyword == "enum":
        return _not_one_of(value, instance)
    if keyword == "format":
        return f"must be {_FORMATS.get(value, f'in the format {value}')}, not {_given(instance)}"
    sentence = _SENTENCES.get(keyword, "does not fit the schema ({keyword})")
    return sentence.format(value=_given(value), given=_given(instance), keyword=keyword)


def _not_one_of(options: Sequence[Any], instance: Any) -> str:
    shown = ", ".join(_given(option) for option in options[:MOST_FINDINGS])
    more = ", ..." if len(options) > MOST_FINDINGS else ""
    return f"must be one of {shown}{more}, not {_given(instance)}"


def _type(instance: Any) -> str:
    names = {str: "string", bool: "boolean", type(None): "null", list: "array", tuple: "array", dict: "object"}
    return names.get(type(instance), "number")


def _given(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return _TYPES[_type(value)]
    words = {True: "true", False: "false"}
    text = (
        f"'{value}'"
        if isinstance(value, str)
        else words[value]
        if isinstance(value, bool)
        else "null"
        if value is None
        else str(value)
    )
    return text if len(text) <= 60 else f"{text[:57]}..."


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _look_at(name: str, context: Context) -> None:
    """Refuse a schema that can't be used, or whose examples do not fit it, whether a route uses it or not."""
    resource = context.resource("schema", name)
    validator = _validator(name, context)
    examples = resource.data.get("examples", []) if isinstance(resource.data, Mapping) else []
    if not isinstance(examples, list):
        return  # the metaschema has refused it
    refusals = [refusal for index, example in enumerate(examples) for refusal in _unfit(validator, resource, index, example)]
    if refusals:
        raise Refusals(refusals)


def _unfit(validator: Validator, resource: Resource, index: int, example: Any) -> Iterator[Refusal]:
    try:
        validator.check(example)
    except Rejected as rejected:
        for finding in rejected.findings:
            steps = [int(part) if part.isdigit() else part for part in finding.where.split("/")[1:]]
            place = resource.at("examples", index, *steps)
            yield Refusal(f"example {index + 1} does not fit its schema: {finding.where or '/'} {finding.message}", place=place)


SPEC = TransformerSpec(
    name="validate",
    summary="lets only documents pass that fit a JSON Schema, and lists every fault of the others",
    example="validate: order.v1",
    options=ValidateOptions,
    step=_build,
    checks={"schema": _look_at},
)
