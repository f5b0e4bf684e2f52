"""Reads a map's data as forms, and refuses what is none. A form's `path` leads to it in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.spec import Resource
from crossdock.core.words import nearest
from crossdock_transformers.expression.parser import is_name

Path = tuple[str | int, ...]

CONTENTS: Final = ("for_each", "value", "literal", "lookup", "use", "fields")
WORDS: Final = frozenset((*CONTENTS, "as", "where", "let", "in", "of", "when", "default"))
"""The keys that make a mapping a form instead of an object."""
_WITH: Final = {
    "for_each": {"as", "where", "let", "fields", "value", "use", "of"},
    "use": {"of", "fields", "let"},
    "value": set(),
    "literal": set(),
    "lookup": {"in"},
    "fields": {"let"},
}
_AROUND: Final = {"when", "default"}


@dataclass(frozen=True, slots=True)
class Form:
    """Any form; `when` and `default` are what its file says beside it. A bare `Form` is one that could not be read."""

    path: Path
    when: Expression | None = None
    default: Form | None = None


@dataclass(frozen=True, slots=True)
class Expression(Form):
    """A CEL expression."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Constant(Form):
    """Data as it stands."""

    data: Any = None


@dataclass(frozen=True, slots=True)
class Lookup(Form):
    """An entry of a table: of one that is written down here, or of a file's that is `named`."""

    of: Expression | None = None
    table: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""


@dataclass(frozen=True, slots=True)
class Group(Form):
    """An object."""

    fields: Mapping[str, Form] = field(default_factory=dict)
    let: Mapping[str, Form] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Use(Form):
    """What another map makes, of `of` where that is given, with fields of its own beside or instead of the other's."""

    name: str = ""
    of: Expression | None = None
    own: Group | None = None


@dataclass(frozen=True, slots=True)
class Listing(Form):
    """A list, element by element; what is optional and absent is left out."""

    items: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class Each(Form):
    """A list with one element for each of another."""

    over: Expression | None = None
    name: str = "item"
    where: Expression | None = None
    let: Mapping[str, Form] = field(default_factory=dict)
    inner: Form | None = None


class Reader:
    """Reads one file's forms; `problems` has all that is wrong with them."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.problems: list[Refusal] = []

    def whole(self) -> Group | Use:
        """Return the file's form."""
        data = self._resource.data if isinstance(self._resource.data, Mapping) else {}
        fields = data.get("fields")
        if "use" in data:
            return self._use(data, ())
        if not isinstance(fields, Mapping):
            self._refuse("a map needs `fields:` with the target's fields", ())
        return Group(("fields",), fields=self._named(fields, ("fields",)), let=self._let(data.get("let"), ("let",)))

    def _refuse(self, message: str, path: Path) -> None:
        place = self._resource.key_places.get(path) or self._resource.at(*path)
        self.problems.append(Refusal(message, place=place))

    def _named(self, data: Any, path: Path) -> dict[str, Form]:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            self._refuse(f"'{path[-1]}' is a mapping of names to values", path)
            return {}
        return {str(name): self.form(value, (*path, name)) for name, value in data.items()}

    def _let(self, data: Any, path: Path) -> dict[str, Form]:
        named = self._named(data, path)
        return {name: form for name, form in named.items() if self._is_name(name, (*path, name))}

    def _is_name(self, name: Any, path: Path) -> bool:
        if isinstance(name, str) and is_name(name):
            return True
        self._refuse(f"'{name}' can't be a name; use letters, digits and _", path)
        return False

    def form(self, data: Any, path: Path) -> Form:
        """Return the form of any data."""
        if isinstance(data, str):
            return Expression(path, text=data)
        if isinstance(data, list):
            return Listing(path, items=tuple(self.form(item, (*path, index)) for index, item in enumerate(data)))
        if not isinstance(data, Mapping):
            return Constant(path, data=plain(data))
        if not WORDS & set(data):
            return Group(path, fields=self._named(data, path))
        return self._special(data, path)

    def _special(self, data: Mapping[str, Any], path: Path) -> Form:
        content = next((word for word in CONTENTS if word in data), "")
        if not content:
            words = ", ".join(CONTENTS)
            self._refuse(f"one of {words} is missing; a target's field of such a name is written under `fields:`", path)
            return Form(path)
        for key in data:
            if key not in _WITH[content] | _AROUND | {content}:
                self._refuse(f"'{key}' has no place beside '{content}'{self._hint(key, content)}", (*path, key))
        return self._around(self._content(content, data, path), data, path)

    def _hint(self, key: str, content: str) -> str:
        if key not in WORDS:
            return "; put the target's fields under `fields:`"
        return nearest(key, _WITH[content] | _AROUND)

    def _around(self, form: Form, data: Mapping[str, Any], path: Path) -> Form:
        when = self._text(data, "when", path) if "when" in data else None
        default = self.form(data["default"], (*path, "default")) if "default" in data else None
        return replace(form, when=when, default=default)

    def _text(self, data: Mapping[str, Any], key: str, path: Path) -> Expression:
        value, at = data[key], (*path, key)
        if isinstance(value, bool):
            return Expression(at, text=str(value).lower())
        if not isinstance(value, str):
            self._refuse(f"'{key}' is an expression", at)
            return Expression(at, text="null")
        return Expression(at, text=value)

    def _content(self, content: str, data: Mapping[str, Any], path: Path) -> Form:
        if content == "value":
            return self._value(data, path)
        if content == "literal":
            return Constant((*path, "literal"), data=plain(data["literal"]))
        if content == "lookup":
            return self._lookup(data, path)
        if content == "use":
            return self._use(data, path)
        if content == "fields":
            at = (*path, "fields")
            return Group(at, fields=self._named(data["fields"], at), let=self._let(data.get("let"), (*path, "let")))
        return self._each(data, path)

    def _value(self, data: Mapping[str, Any], path: Path) -> Form:
        value = data["value"]
        if isinstance(value, Mapping | list):
            self._refuse(
                "'value' is an expression; an object is written under `fields:`, a list without `value:`", (*path, "value")
            )
            return Form(path)
        return self.form(value, (*path, "value"))

    def _lookup(self, data: Mapping[str, Any], path: Path) -> Lookup:
        table = data.get("in")
        if isinstance(table, str) and table:
            return Lookup(path, of=self._text(data, "lookup", path), named=table)
        if not isinstance(table, Mapping) or not table:
            self._refuse("'lookup' needs `in:` with a table of keys and values, or a table's name", path)
            table = {}
        entries = {str(key): plain(value) for key, value in table.items()}
        return Lookup(path, of=self._text(data, "lookup", path), table=entries)

    def _use(self, data: Mapping[str, Any], path: Path) -> Use:
        name = data["use"]
        if not isinstance(name, str) or not name:
            self._refuse("'use' is the name of a map: `use: address` is address.map.yaml", (*path, "use"))
            name = ""
        of = self._text(data, "of", path) if "of" in data else None
        at = (*path, "fields")
        own = Group(at, fields=self._named(data.get("fields"), at), let=self._let(data.get("let"), (*path, "let")))
        return Use((*path, "use"), name=name, of=of, own=own)

    def _each(self, data: Mapping[str, Any], path: Path) -> Each:
        name = data.get("as", "item")
        if not self._is_name(name, (*path, "as")):
            name = "item"
        where = self._text(data, "where", path) if "where" in data else None
        let = self._let(data.get("let"), (*path, "let"))
        return Each(path, over=self._text(data, "for_each", path), name=name, where=where, let=let, inner=self._inner(data, path))

    def _inner(self, data: Mapping[str, Any], path: Path) -> Form:
        if "use" in data and "value" not in data:
            return self._use({key: data[key] for key in data if key != "let"}, path)
        if ("fields" in data) is ("value" in data):
            self._refuse("'for_each' needs `fields:` (objects) or `value:` (an expression), one of the two", path)
            return Form(path)
        return self._content("fields" if "fields" in data else "value", {key: data[key] for key in data if key != "let"}, path)


def plain(data: Any) -> Any:
    """Return a file's data as a body holds it: decimals in the place of floats."""
    if isinstance(data, float):
        return Decimal(repr(data))
    if isinstance(data, Mapping):
        return {str(key): plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, list) else data
