"""A hundred broken files, each with exactly what is said of it in the comments at its top: `# line:column: what is wrong`."""

from itertools import takewhile
from pathlib import Path

import pytest

from crossdock_config import load
from tests.config.config_kit import PATHS, project

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*/*.yaml"))
STANDING = {**PATHS, "test": "routes/sales/orders.test.yaml"}


def test_there_are_a_hundred():
    assert len(FILES) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_broken_file_is_told_exactly(path):
    text = path.read_text()
    place = STANDING[path.parent.name]
    problems = [one for one in load({**project(), place: text}).problems if one.severity == "error" and one.place[0] == place]
    expected = [line.removeprefix("# ") for line in takewhile(lambda line: line.startswith("# "), text.splitlines())]
    assert [str(problem).removeprefix(place + ":") for problem in problems] == expected
