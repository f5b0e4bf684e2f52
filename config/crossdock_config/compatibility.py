"""Whether one version of a schema (JSON Schema 2020-12) can take another one's place, and what stands against it.

    backward   what was valid stays valid: who sends, and what is stored, goes on          old within new
    forward    what is valid now was valid before: who reads as of the old version goes on   new within old
    full       both

Sound rather than clever: where one schema can't be shown to lie within the other, it says that it can't tell, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["none", "backward", "forward", "full"]
MODES: tuple[Mode, ...] = ("none", "backward", "forward", "full")
WORD = "x-compatibility"
"""What a schema says of how its next version must fit; `backward` where it says nothing."""
DEFAULT: Mode = "backward"

TYPES = frozenset(("null", "boolean", "object", "array", "number", "integer", "string"))
DEEPEST = 40
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_OPAQUE = (
    ("not",), ("if", "then", "else"), ("contains", "minContains", "maxContains"), ("propertyNames",), ("dependentRequired",),
    ("dependentSchemas",),
)  # fmt: skip
"""Keywords that belong together, and are compared only for being the same where the outer schema has one of them."""
_EITHER = ("prefixItems", "patternProperties")
"""Keywords that change what others mean: both schemas must say the same."""
_NEVER = ("unevaluatedProperties", "unevaluatedItems", "$dynamicRef")
"""Keywords that depend on all of the schema around them: only two schemas that are the same can be told to be."""
_ABOUT = frozenset(("title", "description", "examples", "default", "deprecated", "$comment", "$id", "$schema", "$defs"))
"""Keywords that allow and forbid nothing."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something valid in the one schema may not be valid in the other: `lines[].uom`, and the reason in words."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"`{self.path or 'the document'}` {self.reason}"


@dataclass(frozen=True, slots=True)
class Breach:
    """What breaks a mode, one obstacle at a time."""

    mode: Literal["backward", "forward"]
    obstacle: Obstacle

    def __str__(self) -> str:
        told = "what was valid may be refused now" if self.mode == "backward" else "who reads the old version may be surprised"
        return f"{self.obstacle}: {told}"


def mode_of(schema: Any) -> Mode:
    """Return what a schema asks of its next version."""
    said = schema.get(WORD) if isinstance(schema, Mapping) else None
    return said if said in MODES else DEFAULT


def breaches(old: Any, new: Any, mode: Mode) -> list[Breach]:
    """Return what stands against putting a new version in an old one's place."""
    found: list[Breach] = []
    if mode in ("backward", "full"):
        found += [Breach("backward", one) for one in obstacles(old, new)]
    if mode in ("forward", "full"):
        found += [Breach("forward", one) for one in obstacles(new, old)]
    return found


def obstacles(inner: Any, outer: Any) -> list[Obstacle]:
    """Return why what is valid in `inner` may not be valid in `outer`; nothing where it surely is. Both whole schemas."""
    found: dict[Obstacle, None] = dict.fromkeys(_Comparison(inner, outer).within(inner, outer, "", 0))
    return list(found)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two whole schemas, into which `$ref`s lead."""

    inner_root: Any
    outer_root: Any

    def within(self, inner: Any, outer: Any, path: str, depth: int) -> Iterator[Obstacle]:
        inner, outer = _followed(inner, self.inner_root), _followed(outer, self.outer_root, whole=True)
        if outer is True or outer == {} or inner is False or (inner == outer and self.inner_root == self.outer_root):
            return
        if depth > DEEPEST:
            yield Obstacle(path, "is nested too deeply to be compared")
        elif outer is False:
            yield Obstacle(path, "can't be there any more")
        else:
            yield from self._mappings({} if inner is True else inner, outer, path, depth)

    def _mappings(self, inner: Mapping[str, Any], outer: Mapping[str, Any], path: str, depth: int) -> Iterator[Obstacle]:
        values = _values(inner)
        if values is not None:
            yield from self._each(values, outer, path)
            return
        if branches := inner.get("anyOf") or inner.get("oneOf"):
            rest = {key: value for key, value in inner.items() if key not in ("anyOf", "oneOf")}
            for branch in branches:
                yield from self.within(_joined(rest, _followed(branch, self.inner_root)), outer, path, depth + 1)
            return
        if "allOf" in inner:
            joined = _joined({key: value for key, value in inner.items() if key != "allOf"}, *self._branches(inner))
            yield from self.within(joined, outer, path, depth + 1)
            return
        yield from self._keywords(inner, outer, path, depth)

    def _branches(self, schema: Mapping[str, Any]) -> list[Any]:
        return [_followed(branch, self.inner_root) for branch in schema["allOf"]]

    def _keywords(self, inner: Mapping[str, Any], outer: Mapping[str, Any], path: str, depth: int) -> Iterator[Obstacle]:
        yield from _types(inner, outer, path)
        yield from _bounds(inner, outer, path)
        yield from _unclear(inner, outer, path)
        yield from self._opaque(inner, outer, path)
        values = _values(outer)
        if values is not None:
            yield Obstacle(path, f"is one of {_listed(values)} only")
        for branch in outer.get("allOf", ()):
            yield from self.within(inner, branch, path, depth + 1)
        for word in ("anyOf", "oneOf"):
            yield from self._some(inner, outer, word, path, depth)
        if "object" in _types_of(inner):
            yield from self._objects(inner, outer, path, depth)
        if "array" in _types_of(inner) and "items" in outer:
            yield from self.within(inner.get("items", True), outer["items"], f"{path}[]", depth + 1)

    def _some(self, inner: Mapping[str, Any], outer: Mapping[str, Any], word: str, path: str, depth: int) -> Iterator[Obstacle]:
        """Yield an obstacle unless one branch surely takes all of a type; of `oneOf`, which can't be of two types."""
        branches = outer.get(word)
        if not branches:
            return
        kinds = [{**inner, "type": kind} for kind in sorted(_types_of(inner))] if len(_types_of(inner)) < len(TYPES) else [inner]
        for kind in kinds:
            fits = any(not list(self.within(kind, branch, path, depth + 1)) for branch in branches)
            if not fits or (word == "oneOf" and len(branches) > 1 and not _apart(branches)):
                yield Obstacle(path, f"can't be told to fit `{word}`")

    def _opaque(self, inner: Mapping[str, Any], outer: Mapping[str, Any], path: str) -> Iterator[Obstacle]:
        """Yield what can't be looked into, unless both say the same."""
        differing = [
            words[0] for words in _OPAQUE if any(word in outer for word in words) and not self._same(inner, outer, words)
        ]
        differing += [word for word in _EITHER if not self._same(inner, outer, (word,))]
        for word in [*differing, *(word for word in _NEVER if word in outer)]:
            yield Obstacle(path, f"can't be compared: it has `{word}`")

    def _same(self, inner: Mapping[str, Any], outer: Mapping[str, Any], words: Sequence[str]) -> bool:
        ours, theirs = [inner.get(word) for word in words], [outer.get(word) for word in words]
        return ours == theirs and ("$ref" not in str(ours) or _definitions(self.inner_root) == _definitions(self.outer_root))

    def _objects(self, inner: Mapping[str, Any], outer: Mapping[str, Any], path: str, depth: int) -> Iterator[Obstacle]:
        given, wanted = inner.get("properties", {}), outer.get("properties", {})
        for name in outer.get("required", ()):
            if name not in inner.get("required", ()):
                yield Obstacle(_at(path, name), "is required")
        rest, allowed = inner.get("additionalProperties", True), outer.get("additionalProperties", True)
        for name, schema in wanted.items():
            known = given.get(name, rest)
            if known is not False:
                yield from self.within(known, schema, _at(path, name), depth + 1)
        for name, schema in given.items():
            if name not in wanted and schema is not False:
                if allowed is False:
                    yield Obstacle(_at(path, name), "isn't known")
                else:
                    yield from self.within(schema, allowed, _at(path, name), depth + 1)
        if rest is not False:
            yield from self._others(rest, allowed, path, depth)

    def _others(self, rest: Any, allowed: Any, path: str, depth: int) -> Iterator[Obstacle]:
        if allowed is False:
            yield Obstacle(path, "may have other fields in the one, and in the other not")
        else:
            yield from self.within(rest, allowed, _at(path, "*"), depth + 1)

    def _each(self, values: Sequence[Any], outer: Any, path: str) -> Iterator[Obstacle]:
        """Yield which of some values the outer schema refuses."""
        from jsonschema import Draft202012Validator  # only two versions that differ need it

        whole = {**outer, "$defs": _definitions(self.outer_root)} if isinstance(outer, Mapping) else outer
        validator = Draft202012Validator(whole)
        refused = [value for value in values if not validator.is_valid(value)]
        if refused:
            yield Obstacle(path, f"can't be {_listed(refused)}")


def _types(inner: Mapping[str, Any], outer: Mapping[str, Any], path: str) -> Iterator[Obstacle]:
    more = {one for one in _types_of(inner) if not _covered(one, _types_of(outer))}
    if more:
        yield Obstacle(path, f"can't be {' or '.join(sorted(more))}, only {' or '.join(sorted(_types_of(outer)))}")


def _covered(kind: str, types: frozenset[str]) -> bool:
    return kind in types or (kind == "integer" and "number" in types)


def _types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    said = schema.get("type", TYPES)
    return frozenset((said,)) if isinstance(said, str) else frozenset(said)


def _bounds(inner: Mapping[str, Any], outer: Mapping[str, Any], path: str) -> Iterator[Obstacle]:
    for word in _LEAST:
        if word in outer and not inner.get(word, float("-inf")) >= outer[word] and not _strict(inner, outer, word):
            yield Obstacle(path, f"has `{word}: {outer[word]}`")
    for word in _MOST:
        if word in outer and not inner.get(word, float("inf")) <= outer[word] and not _strict(inner, outer, word):
            yield Obstacle(path, f"has `{word}: {outer[word]}`")
    if outer.get("uniqueItems") and not inner.get("uniqueItems") and "array" in _types_of(inner):
        yield Obstacle(path, "has different items only")


def _strict(inner: Mapping[str, Any], outer: Mapping[str, Any], word: str) -> bool:
    """Whether an exclusive bound of the inner schema implies the outer one's, or the bound is of a type that can't occur."""
    numeric = word in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    if numeric and not _types_of(inner) & {"number", "integer"}:
        return True
    about = {"minLength": "string", "maxLength": "string", "minItems": "array", "maxItems": "array"}
    if word in about and about[word] not in _types_of(inner):
        return True
    if word in ("minProperties", "maxProperties") and "object" not in _types_of(inner):
        return True
    if word == "minimum":
        return bool(inner.get("exclusiveMinimum", float("-inf")) >= outer[word])
    if word == "maximum":
        return bool(inner.get("exclusiveMaximum", float("inf")) <= outer[word])
    return False


def _unclear(inner: Mapping[str, Any], outer: Mapping[str, Any], path: str) -> Iterator[Obstacle]:
    """Yield what can only be told to fit where both say the same."""
    for word in ("pattern", "format"):
        if word in outer and inner.get(word) != outer[word] and "string" in _types_of(inner):
            yield Obstacle(path, f"has `{word}: {outer[word]}`")
    if "multipleOf" in outer and inner.get("multipleOf") != outer["multipleOf"] and _types_of(inner) & {"number", "integer"}:
        yield Obstacle(path, f"has `multipleOf: {outer['multipleOf']}`")


def _values(schema: Any) -> Sequence[Any] | None:
    """Return the only values that a schema allows, where it lists them."""
    if not isinstance(schema, Mapping):
        return None
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _joined(first: Mapping[str, Any], *others: Any) -> Any:
    """Return a schema that allows no less than all of these together: what they say of the same word is kept once."""
    joined = dict(first)
    for other in others:
        if other is False:
            return False
        for word, value in other.items() if isinstance(other, Mapping) else ():
            if word == "required":
                joined[word] = [*joined.get(word, ()), *value]
            elif word == "properties":
                joined[word] = {**value, **joined.get(word, {})}
            elif word == "type":
                joined[word] = sorted(_types_of(joined) & _types_of(other)) if word in joined else value
            elif word not in joined:
                joined[word] = value
    return joined


def _apart(branches: Sequence[Any]) -> bool:
    """Whether the branches' types say that no value fits two of them."""
    types = [_types_of(branch) for branch in branches if isinstance(branch, Mapping) and "type" in branch]
    return len(types) == len(branches) and sum(len(one) for one in types) == len(frozenset().union(*types))


def _definitions(root: Any) -> Any:
    return root.get("$defs", {}) if isinstance(root, Mapping) else {}


def _followed(schema: Any, root: Any, *, whole: bool = False) -> Any:
    """Return what a schema's `$ref` leads to, with what stands beside it; `whole`: not a word of either is lost."""
    for _ in range(DEEPEST):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        target: Any = root
        for step in str(schema["$ref"]).lstrip("#").strip("/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")] if step else target
        beside = {word: value for word, value in schema.items() if word != "$ref" and (not whole or not _is_about(word))}
        schema = {"allOf": [beside, target]} if whole and beside else _joined(beside, target)
    return {"not": {"description": "a reference that leads to itself"}}


def _is_about(word: str) -> bool:
    return word in _ABOUT or word.startswith("x-")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _listed(values: Sequence[Any]) -> str:
    told = ", ".join(repr(value) for value in values[:5])
    return f"{told} and {len(values) - 5} more" if len(values) > 5 else told
