"""How each kind of node is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crossdock_transformers.expression import calls, operators, paths, syntax
from crossdock_transformers.expression.compiler import Rule

RULES: Final[Mapping[type, Rule]] = {
    syntax.Literal: paths.literal,
    syntax.Name: paths.name,
    syntax.Select: paths.select,
    syntax.Index: paths.index,
    syntax.Listing: paths.listing,
    syntax.Mapping: paths.mapping,
    syntax.Unary: operators.unary,
    syntax.Binary: operators.binary,
    syntax.Logic: operators.logic,
    syntax.Ternary: operators.ternary,
    syntax.Call: calls.called,
}
