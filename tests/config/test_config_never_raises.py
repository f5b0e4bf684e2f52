"""Whatever is in the files, loading ends in problems or in a release, never in an exception."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock_config import load
from crossdock_config.secrets import SystemSecrets
from tests.config.fake_components import FILES, registry

TOKEN = re.compile(r"[\w./:${}\"'-]+|[\[\]{},:]|\n|\s+")
STRANGE = ["", "~", "[]", "{}", "[[a]]", "{a: {b: c}}", "5", "1.5", "true", "sender", "'${secret:}'", "'${env:X}'", "9" * 30]
STRANGE += ["*x", "&x", "!t x", "'", '"', "\t", "\0", "- ", ": ", "|", ">", "%", "\ud800", "body."]
SECRETS = SystemSecrets(Path("nowhere"), {"ACME": "x"})


@st.composite
def broken(draw):
    """A project with a few words replaced, taken out or put in."""
    path = draw(st.sampled_from(sorted(FILES)))
    words = TOKEN.findall(FILES[path])
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(words) - 1))
        words[index : index + draw(st.integers(0, 1))] = draw(st.lists(st.sampled_from([*STRANGE, *words]), max_size=2))
        words = words or [""]
    return {**FILES, path: "".join(words)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken())
def test_loading_never_raises_and_a_release_means_no_errors(files):
    loaded = load(files, registry=registry(), secrets=SECRETS)
    assert (loaded.release is None) == any(problem.severity == "error" for problem in loaded.problems)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.text(max_size=60))
def test_any_text_in_any_file_ends_well(path, text):
    loaded = load({**FILES, path: text}, registry=registry())
    assert loaded.files == len(FILES)
