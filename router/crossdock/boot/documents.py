"""The documents that an installation knows: the grammars of its transformers, with those of the project laid over them."""

from __future__ import annotations

from pathlib import Path

from crossdock.core.errors import Misconfigured, Problem, Refusal, Refusals
from crossdock.core.registry import installed
from crossdock.core.spec import Catalog, Context, TransformerSpec


def catalogs(root: Path) -> dict[str, Catalog]:
    """Return the catalog of every transformer that has grammars; a folder that is no project has the standard ones."""
    context = _context(root)
    try:
        return {
            spec.name: spec.catalog(context)
            for spec in installed().all("transformers")
            if isinstance(spec, TransformerSpec) and spec.catalog
        }
    except (Refusal, Refusals) as error:
        refusals = error.refusals if isinstance(error, Refusals) else (error,)
        problems = [Problem.at(one.place, one.message) for one in refusals if one.place and one.message]
        raise Misconfigured("the project's grammars can't be used", problems=problems, advice="run `crossdock check`") from error


def _context(root: Path) -> Context | None:
    """Only a project with grammars of its own is read."""
    if not (root / "config" / "grammars").is_dir():
        return None
    import crossdock_config

    return crossdock_config.browse(root)
