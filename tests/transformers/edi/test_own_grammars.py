"""A project brings its own sets, segments and versions, which are checked as everything else is."""

from __future__ import annotations

import pytest

from crossdock.core.errors import Refusal, Refusals
from crossdock_config import load
from crossdock_transformers.edi.own import check_grammar, grammars_of
from tests.transformers.edi import guide_kit as kit
from tests.transformers.x12 import x12_kit as x12

SET = """
set: 888
title: Item maintenance
group: QG
keys: { maintenance: ZM1/ZM101 }
segments:
  - ST M 1
  - ZM1 M 1
  - LIN M 100: [PID O 5]
  - SE M 1
"""
SEGMENTS = 'segments:\n  ZM1: { title: start of item maintenance, elements: "9001! 373!" }\n'
ELEMENTS = '"9001": AN 1/20 maintenance number\n'
OWN = {
    "config/grammars/x12/004010/888.yaml": SET,
    "config/grammars/x12/004010/segments.yaml": SEGMENTS,
    "config/grammars/x12/004010/elements.yaml": ELEMENTS,
}


def problems(files: dict[str, str]) -> list[str]:
    """Return what a project's grammars are refused for."""
    found: list[str] = []
    surroundings = kit.Files(files=files)
    for name in surroundings.names("grammar"):
        try:
            check_grammar(name, surroundings)
        except Refusals as error:
            found += [f"{one.place}: {one.message}" for one in error.refusals]
        except Refusal as error:
            found.append(f"{error.place}: {error.message}")
    return list(dict.fromkeys(found))


def test_a_set_of_ones_own_is_decoded() -> None:
    """With its own segment, beside those of the version."""
    body = ["ZM1*M-1*20261015", "LIN*1*VN*SKU-1", "PID*F****HEX BOLT"]
    data = x12.interchange(x12.group(x12.transaction(body, number="888"), function="QG"))
    (part,) = x12.parts(data, kit.Files(files=OWN), sets=["888"])
    assert part.error is None
    assert ("M-1", "HEX BOLT") == (part.body["ZM1"]["ZM101"], part.body["LIN"][0]["PID"][0]["PID05"])
    assert part.keys["maintenance"] == "M-1"


def test_a_guide_narrows_a_set_of_ones_own() -> None:
    """As any other."""
    guide = "guide: g\nset: 888\nsegments: { ZM1: { ZM101: { pattern: 'M-[0-9]+' } } }\n"
    surroundings = kit.Files(files={**OWN, "g.guide.yaml": guide})
    assert kit.refusals(surroundings) == []


def test_what_comes_with_crossdock_stays_beside_it() -> None:
    """The built-in sets and segments of the same version."""
    grammars = grammars_of(kit.Files(files=OWN))
    assert {"850", "888"} <= set(grammars.sets("004010"))
    assert {"BEG", "ZM1"} <= set(grammars.dictionary("004010").tags)


def test_a_version_of_ones_own_inherits() -> None:
    """Its sets are those of the version that it extends."""
    files = {
        "config/grammars/x12/009999/version.yaml": 'version: "009999"\nextends: "004010"\n',
        "config/grammars/x12/009999/elements.yaml": '"324": AN 1/35 purchase order number\n',
    }
    assert problems(files) == []
    order = grammars_of(kit.Files(files=files)).get("850", "009999")
    (beg,) = [node for path, node in order.visit() if path == ("BEG",)]
    assert beg.segment.uses[2].what.high == 35  # type: ignore[union-attr]


def test_good_files_are_accepted() -> None:
    """Nothing is said of them."""
    assert problems(OWN) == []


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("x12/004010/888", SET.replace("ZM1 M 1", "ZM2 M 1"), ["888.yaml:8:5: there is no segment, composite or element 'ZM2'"]),
        ("x12/004010/888", SET.replace("ZM1 M 1", "ZM1 X 1"), ["888.yaml:8:5: 'ZM1 X 1' is not TAG M|O|C max"]),
        ("x12/004010/888", SET.replace("PID O 5", "PID O"), ["888.yaml:9:17: 'PID O' is not TAG M|O|C max"]),
        (
            "x12/004010/888",
            SET.replace("ZM101", "ZM109"),
            ["888.yaml:5:22: 'ZM1/ZM109' is no element of this set; did you mean 'ZM1/ZM10"],
        ),
        ("x12/004010/888", SET.replace("set: 888", "set: 889"), ["888.yaml:2:6: `set` is '889', the file is called 888.yaml"]),
        ("x12/004010/888", SET.replace("group: QG\n", ""), ["888.yaml:2:1: `group` is missing"]),
        ("x12/004010/segments", SEGMENTS.replace("9001!", "9002!"), ["segments.yaml:2:3: there is no element '9002'"]),
        ("x12/004010/segments", SEGMENTS.replace("9001!", "9001?"), ["segments.yaml:2:3: ZM1: '9001?' is not an element"]),
        (
            "x12/004010/segments",
            SEGMENTS.replace("segments:", "segmants:"),
            ["segments.yaml:1:1: unknown key 'segmants'; did you"],
        ),
        (
            "x12/004010/elements",
            ELEMENTS.replace("AN 1", "XX 1"),
            ["elements.yaml:1:1: element 9001: 'XX 1/20 maintenance number' is"],
        ),
        ("x12/004010/codes", '"9009": { a: b }\n', ["codes.yaml:1:1: there is no element '9009'"]),
        ("x12/004099/888", SET, ["888.yaml:2:1: there is no version '004099'"]),
        ("x12/888", SET, ["888.yaml:2:1: a grammar stands at config/grammars/DIALECT/VERSION/FILE.yaml"]),
        (
            "x12/009999/version",
            "version: '009998'\nextends: '004010'\n",
            ["version.yaml:1:10: `version` is '009998', the folder"],
        ),
        (
            "x12/009999/version",
            "version: '009999'\nextends: '004011'\n",
            ["version.yaml:2:10: there is no version '004011' to extend"],
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(file: str, text: str, says: list[str]) -> None:
    """File, line, column, and the nearest word."""
    found = problems({**OWN, f"config/grammars/{file}.yaml": text})
    where = f"config/grammars/{file.rpartition('/')[0]}/"
    told = [one.removeprefix(where) for one in found if file.rpartition("/")[2] in one]
    assert [one[: len(said)] for said, one in zip(says, told, strict=False)] == says, found


def test_check_finds_them_without_a_route() -> None:
    """A guide that no route uses, and a grammar."""
    files = {**OWN, "config/grammars/x12/004010/888.yaml": SET.replace("ZM1 M 1", "ZM1 X 1")}
    (problem, _) = load(files).problems
    assert str(problem).startswith("config/grammars/x12/004010/888.yaml:8:5: 'ZM1 X 1' is not TAG M|O|C max")
    files = {**OWN, "routes/sales/spare.guide.yaml": "guide: spare\nset: 850\nsegments: { BEK: {} }\n"}
    found = [str(problem) for problem in load(files).problems]
    assert "routes/sales/spare.guide.yaml:3:13: there is no segment 'BEK' in a 850; did you mean 'BEG'?" in found


MOVEMENT = """
set: STOMOV
title: Stock movement
group: STOMOV
keys: { movement: BGM/BGM02/BGM0201 }
segments:
  - UNH M 1
  - BGM M 1
  - DTM C 5
  - LIN C 9999: [QTY C 9]
  - UNT M 1
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MOVEMENT, []),
        (
            MOVEMENT.replace("BGM0201", "BGM0209"),
            [
                "config/grammars/edifact/D01B/STOMOV.yaml:5:19: 'BGM/BGM02/BGM0209' is no element of this set; "
                "did you mean 'BGM/BGM02/BGM0203'?"
            ],
        ),
    ],
)
def test_an_edifact_message_of_ones_own_is_checked(text: str, says: list[str]) -> None:
    """Conditional segments are called C, a business key may be a component."""
    assert problems({"config/grammars/edifact/D01B/STOMOV.yaml": text}) == says
