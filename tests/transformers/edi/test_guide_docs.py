"""What docs/guides.md shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from crossdock_transformers.edi.guide import opened
from crossdock_transformers.edi.guide_files import samples
from crossdock_transformers.edi.own import check_grammar
from tests.transformers.edi import guide_kit as kit

TEXT = (Path(__file__).parents[3] / "docs/guides.md").read_text()
GUIDE, *GRAMMARS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_guide_has_a_sample_for_every_rule() -> None:
    """A valid one, and a bad one for each."""
    surroundings = kit.Files(files={"acme-850.guide.yaml": GUIDE})
    guide = opened(surroundings, "acme-850")
    found = samples(guide, surroundings.partners)
    assert ([], [], len(guide.terms)) == (list(found.faults), [one.about for one in found.without], len(found.bad))


def test_the_grammar_is_accepted_and_has_a_sample() -> None:
    """The set of one's own, with a guide that narrows nothing."""
    files = {text.splitlines()[0].removeprefix("# "): text for text in GRAMMARS}
    surroundings = kit.Files(files={**files, "g.guide.yaml": "guide: g\nset: 888\n"})
    for name in surroundings.names("grammar"):
        check_grammar(name, surroundings)
    found = samples(opened(surroundings, "g"), surroundings.partners)
    assert [] == list(found.faults)
    assert "ZM1*4500012345*20261015" in found.valid.text
