"""A project's own sets and versions: files under `config/grammars/`, laid over those that come with Crossdock.

    config/grammars/x12/004010/888.yaml        a set of our own, in a version that there is
    config/grammars/x12/004010/segments.yaml   segments that it needs: added to the version's, or in the place of one of them
    config/grammars/x12/009010/version.yaml    a version of our own: `extends` names the one that it differs from

The files are written as those in `x12/grammars/` are (see its README.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from importlib.resources.abc import Traversable
from io import BytesIO, StringIO
from typing import Any

from pydantic import BaseModel, ConfigDict

from crossdock.core.errors import Refusal, Refusals
from crossdock.core.spec import Context, Resource
from crossdock.core.words import nearest
from crossdock_transformers.edi.dialect import dialect
from crossdock_transformers.edi.grammar import Composite, Node, Use
from crossdock_transformers.edi.load import Dictionary, Grammars, standard

FOLDER = "config/grammars/"
"""Where a project keeps its grammars."""
KEYS = ("x12", "edifact")
PARTS = ("version", "elements", "codes", "segments")
"""What a version's folder holds beside its sets."""


class GrammarFile(BaseModel):
    """A file of a grammar; what may stand in it depends on its name."""

    model_config = ConfigDict(extra="allow", frozen=True)


def grammars_of(context: Context, key: str = "x12") -> Grammars:
    """Return a project's grammars of a dialect; raises Refusals with all that is wrong in its own files."""
    names = [name for name in context.names("grammar") if name.startswith(f"{key}/") and name.count("/") == 2]
    if not names:
        return standard(key)
    resources = [context.resource("grammar", name) for name in names]
    grammars = _laid_over(key, tuple((one.name, json.dumps(_text(one.data))) for one in resources))
    faults = [fault for one in resources for fault in _faults(one, grammars)]
    if faults:
        raise Refusals(faults)
    return grammars


def check_grammar(name: str, context: Context) -> None:
    """Check one file of a project's grammars; raises Refusals at their places."""
    resource = context.resource("grammar", name)
    key = name.partition("/")[0]
    if key not in KEYS or name.count("/") != 2:
        message = f"a grammar stands at {FOLDER}DIALECT/VERSION/FILE.yaml, such as {FOLDER}x12/004010/888.yaml"
        raise Refusal(message, place=resource.at())
    grammars_of(context, key)


@lru_cache(16)
def _laid_over(key: str, own: tuple[tuple[str, str], ...]) -> Grammars:
    files = {tuple(name.split("/")[1:]): text for name, text in own}
    return Grammars(Folder(standard(key).root, files), dialect(key))


def _text(value: Any) -> Any:
    """Return data with every scalar as the text that it was written as, which is what grammars are read as."""
    if isinstance(value, Mapping):
        return {str(key): _text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_text(inner) for inner in value]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class Folder(Traversable):
    """A folder of grammars with a project's files (`(version, file) -> text`) laid over it; files of both are joined."""

    def __init__(self, below: Traversable | None, files: Mapping[tuple[str, ...], str], at: tuple[str, ...] = ()) -> None:
        self._below = below
        self._files = files
        self._at = at

    @property
    def name(self) -> str:
        """Its own name."""
        return self._at[-1] if self._at else "grammars"

    def iterdir(self) -> Iterator[Traversable]:
        """Yield what is in it."""
        below = [child.name for child in self._below.iterdir()] if self._below is not None and self._below.is_dir() else []
        level = len(self._at)
        own = {path[level] + (".yaml" if level == 1 else "") for path in self._files if path[:level] == self._at}
        for name in sorted({*below, *own}):
            yield self.joinpath(name)

    def joinpath(self, *names: Any) -> Folder:
        """Return what is inside by name."""
        folder = self
        for name in names:
            below = folder._below.joinpath(name) if folder._below is not None and folder._below.is_dir() else None
            folder = Folder(below, folder._files, (*folder._at, str(name)))
        return folder

    __truediv__ = joinpath

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return len(self._at) < 2 and (any(path[: len(self._at)] == self._at for path in self._files) or self._is("is_dir"))

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._own is not None or self._is("is_file")

    def read_text(self, encoding: str | None = None) -> str:
        """Return its text: a project's own dictionary is added to that below, its own set stands in the place of it."""
        below = self._below.read_text(encoding=encoding or "utf-8") if self._below is not None and self._is("is_file") else None
        if self._own is None or below is None or self.name.removesuffix(".yaml") not in PARTS[1:]:
            return self._own if self._own is not None else below or ""
        import yaml

        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        return json.dumps(_joined(yaml.load(below, Loader=loader) or {}, json.loads(self._own)))  # noqa: S506 - makes text only

    def read_bytes(self) -> bytes:
        """Return its text in UTF-8."""
        return self.read_text().encode()

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - the protocol's
        """Open it for reading."""
        return BytesIO(self.read_bytes()) if "b" in mode else StringIO(self.read_text())

    @property
    def _own(self) -> str | None:
        return self._files.get((*self._at[:-1], self.name.removesuffix(".yaml"))) if len(self._at) == 2 else None

    def _is(self, kind: str) -> bool:
        return self._below is not None and bool(getattr(self._below, kind)())


def _joined(below: Mapping[str, Any], own: Any) -> Any:
    """Join two dictionaries: `composites` and `segments` one by one, all else by key."""
    if not isinstance(own, Mapping):
        return own
    inner = {key: {**below.get(key, {}), **own[key]} for key in ("composites", "segments") if isinstance(own.get(key), Mapping)}
    return {**below, **own, **inner}


def _faults(resource: Resource, grammars: Grammars) -> list[Refusal]:
    """Return what is wrong in one file."""
    _, version, file = resource.name.split("/")
    if not isinstance(resource.data, Mapping):
        return [Refusal("this file must be a mapping", place=resource.at())]
    if file == "version":
        return list(_version(resource, version, grammars))
    if grammars.resolve(version) != version or not grammars.complete(version):
        hint = nearest(version, grammars.versions)
        message = f"there is no version '{version}'{hint} (or write {FOLDER}{resource.name.rpartition('/')[0]}/version.yaml)"
        return [Refusal(message, place=resource.at())]
    checks = {"elements": _elements, "codes": _codes, "segments": _segments}
    return list(checks.get(file, _set)(resource, version, grammars))


def _version(resource: Resource, version: str, grammars: Grammars) -> Iterator[Refusal]:
    said, extends = (_text(resource.data.get(key, "")) for key in ("version", "extends"))
    if said != version:
        yield Refusal(f"`version` is '{said}', the folder is called '{version}'", place=resource.at("version"))
    if extends and (extends == version or extends not in grammars.versions):
        known = [one for one in grammars.versions if one != version]
        yield Refusal(f"there is no version '{extends}' to extend{nearest(extends, known)}", place=resource.at("extends"))


def _elements(resource: Resource, version: str, grammars: Grammars) -> Iterator[Refusal]:
    for number in resource.data:
        yield from _tried(resource, grammars, version, (number,), lambda words, number=str(number): words.element(number))


def _codes(resource: Resource, version: str, grammars: Grammars) -> Iterator[Refusal]:
    known = grammars.dictionary(version).numbers
    for number, codes in resource.data.items():
        if str(number) not in known:
            yield Refusal(f"there is no element '{number}'{nearest(str(number), known)}", place=_key(resource, number))
        elif not isinstance(codes, Mapping):
            yield Refusal("codes are a mapping of code to label", place=resource.at(number))


def _segments(resource: Resource, version: str, grammars: Grammars) -> Iterator[Refusal]:
    for group in resource.data:
        if group not in ("composites", "segments"):
            yield Refusal(f"unknown key '{group}'{nearest(str(group), ('composites', 'segments'))}", place=_key(resource, group))
    for tag in _inner(resource, "segments"):
        yield from _tried(resource, grammars, version, ("segments", tag), lambda words, tag=str(tag): words.segment(tag))
    for number in _inner(resource, "composites"):
        at = ("composites", number)
        yield from _tried(resource, grammars, version, at, lambda words, number=str(number): words.composite(number))


def _inner(resource: Resource, key: str) -> Sequence[Any]:
    found = resource.data.get(key)
    return list(found) if isinstance(found, Mapping) else []


def _set(resource: Resource, version: str, grammars: Grammars) -> Iterator[Refusal]:
    data = resource.data
    for key in ("set", "title", "group", "keys", "segments"):
        if key not in data:
            yield Refusal(f"`{key}` is missing: a set has set, title, group, keys and segments", place=resource.at())
    number = resource.name.rpartition("/")[2]
    if _text(data.get("set", number)) != number:
        yield Refusal(f"`set` is '{data['set']}', the file is called {number}.yaml", place=resource.at("set"))
    faults = list(_nodes(resource, data.get("segments"), ("segments",), version, grammars))
    yield from faults
    if not faults and all(key in data for key in ("set", "title", "group", "keys", "segments")):
        yield from _keys(resource, version, number, grammars)


def _nodes(resource: Resource, items: Any, at: tuple[str | int, ...], version: str, grammars: Grammars) -> Iterator[Refusal]:
    if not isinstance(items, list):
        yield Refusal("segments are a list: `TAG M|O|C max` in their order", place=resource.at(*at))
        return
    for index, item in enumerate(items):
        line, inner = next(iter(item.items())) if isinstance(item, Mapping) and item else (item, None)
        made = partial(_node, line=_text(line))
        here = (*at, index, line) if inner is not None else (*at, index)
        yield from _tried(resource, grammars, version, here, made)
        if inner is not None:
            yield from _nodes(resource, inner, here, version, grammars)


def _node(words: Dictionary, line: str) -> Sequence[Node]:
    return words.nodes([line])


def _keys(resource: Resource, version: str, number: str, grammars: Grammars) -> Iterator[Refusal]:
    found = grammars.find(number, version)
    if found is None:
        return
    known = {"/".join((*path, *refs)) for path, node in found.visit() for use in node.segment.uses for refs in _refs(use)}
    for name, path in found.keys.items():
        if "/".join(path) not in known:
            hint = nearest("/".join(path), known)
            yield Refusal(f"'{'/'.join(path)}' is no element of this set{hint}", place=resource.at("keys", name))


def _refs(use: Use) -> Iterator[tuple[str, ...]]:
    """Yield an element's path in its segment, and those of its components."""
    yield (use.ref,)
    if isinstance(use.what, Composite):
        yield from ((use.ref, inner.ref) for inner in use.what.uses)


def _tried(resource: Resource, grammars: Grammars, version: str, at: tuple[Any, ...], make: Any) -> Iterator[Refusal]:
    """Make a part of a grammar; what does not succeed is told in words."""
    words = grammars.dictionary(version)
    try:
        make(words)
    except KeyError as error:
        name = str(error.args[0])
        known = {*words.numbers, *words.tags}
        if name in ("title", "elements"):
            yield Refusal(f"`{name}` is missing", place=_key(resource, *at))
        else:
            what = "element" if name[:1].isdigit() else "segment, composite or element"
            yield Refusal(f"there is no {what} '{name}'{nearest(name, known)}", place=_key(resource, *at))
    except (ValueError, TypeError, AttributeError) as error:
        reason = str(error) if isinstance(error, ValueError) else "this is not written as a grammar is"
        yield Refusal(reason, place=_key(resource, *at))


def _key(resource: Resource, *at: Any) -> Any:
    return resource.key_places.get(at) or resource.at(*at)
