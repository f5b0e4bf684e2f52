"""Print the part of requirements.lock that is needed for running Crossdock, or for building its wheel, with every hash.

    python locked.py runtime|build

The lock is for developers: it has the tests' tools as well. `# via` under each package says who wants it, so a part is what the
project's own dependencies (or the build system's) lead to.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==")
VIA = re.compile(r"^    # (?:via|  )\s*([A-Za-z0-9._-]+)", re.MULTILINE)


def locked(lock: str, roots: Iterable[str]) -> str:
    """Return the packages that are reached from the roots, as they stand in the lock; raises SystemExit where one is missing."""
    blocks = {normal(found[1]): block for block in re.split(r"\n(?=\S)", lock.strip()) if (found := ENTRY.match(block))}
    chosen = {normal(root) for root in roots}
    if chosen - blocks.keys():
        raise SystemExit(f"requirements.lock has no {', '.join(sorted(chosen - blocks.keys()))}: run `make lock`")
    while True:
        more = {name for name, block in blocks.items() if chosen.intersection(map(normal, VIA.findall(block)))}
        if more <= chosen:
            return "\n".join(blocks[name] for name in sorted(chosen)) + "\n"
        chosen |= more


def roots_of(project: str, part: str) -> list[str]:
    """Return what a pyproject.toml itself asks for: its dependencies, or what builds it."""
    data = tomllib.loads(project)
    wanted = data["project"]["dependencies"] if part == "runtime" else data["build-system"]["requires"]
    return [re.split(r"[\s\[<>=!~;]", one, maxsplit=1)[0] for one in wanted]


def normal(name: str) -> str:
    """Return a package's name as it compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Print the part that the command line names."""
    if sys.argv[1:] not in (["runtime"], ["build"]):
        raise SystemExit("usage: python locked.py runtime|build")
    project, lock = (Path(name).read_text(encoding="utf-8") for name in ("pyproject.toml", "requirements.lock"))
    sys.stdout.write(locked(lock, roots_of(project, sys.argv[1])))


if __name__ == "__main__":
    main()
