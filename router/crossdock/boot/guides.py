"""A project's guides for the command line: opened with its partners, grammars and expressions, but without any route."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crossdock.core.errors import Misconfigured, Place, Problem, Refusal, Refusals
from crossdock.core.spec import Context
from crossdock.core.words import nearest
from crossdock_config.loader import surroundings
from crossdock_transformers.edi.guide import Guide, opened
from crossdock_transformers.edi.load import standard
from crossdock_transformers.edi.own import KEYS, grammars_of
from crossdock_transformers.edi.shape import shape_of


class Desk:
    """A project's guides."""

    def __init__(self, root: Path, environment: str) -> None:
        context, self._problems = surroundings(root, environment)
        self.context: Context = context

    @property
    def names(self) -> list[str]:
        """The names of the guides."""
        return sorted(self.context.names("guide"))

    def guide(self, name: str) -> Guide:
        """Return a guide, applied; raises Misconfigured with all that is wrong with it, LookupError where there is none."""
        if name not in self.names:
            raise LookupError(name)
        try:
            return opened(self.context, name)
        except (Refusal, Refusals) as error:
            refusals = error.refusals if isinstance(error, Refusals) else (error,)
            problems = [Problem.at(one.place or Place(name), one.message) for one in refusals if one.message]
        except ValueError:  # the model's own: the file has unknown or missing keys
            problems = []
        raise Misconfigured(
            f"the guide '{name}' can't be used",
            problems=[*self._problems, *problems],
            advice="`crossdock check` shows all problems",
        )

    def shape(self, format_: str, number: str, version: str, guide: str) -> dict[str, Any]:
        """Return the JSON Schema of a decoded document; raises Refusal, LookupError, Misconfigured."""
        if format_ not in KEYS:
            raise Refusal(f"there is no format '{format_}'{nearest(format_, KEYS)}")
        if guide:
            found = self.guide(guide).grammar
            if found.number != number or found.dialect.key != format_:
                raise Refusal(f"the guide {guide} is for {found.dialect.key}:{found.number}")
            return shape_of(found)
        grammars = grammars_of(self.context, format_)
        return shape_of(grammars.get(number, version or standard(format_).versions[0]))
