"""Every policy's spec: what the docs, the editor's schema and the lint are made from."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from crossdock.core.registry import installed
from crossdock.core.spec import PolicySpec

NAMES = ["circuit_breaker", "dedupe", "rate_limit", "retry", "timeout"]


def test_all_policies_are_registered():
    assert [name for name in installed().names("policies") if name in NAMES] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_one_that_its_options_accept(name):
    spec = installed().get("policies", name)
    assert isinstance(spec, PolicySpec)
    ((key, options),) = yaml.safe_load(spec.example).items()
    assert (key, bool(spec.options.model_validate(options))) == (spec.name, True)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described(name):
    properties = installed().get("policies", name).options.model_json_schema()["properties"]
    assert [option for option, field in properties.items() if not field.get("description")] == []


def test_specs_are_read_without_any_heavy_library():
    code = f"""
import sys
from importlib import import_module
for name in {NAMES}: import_module('crossdock_policies.' + name)
import_module('crossdock_policies.state')
print(sorted({{'redis', 'lark', 're2', 'celery', 'sqlalchemy', 'limits'}} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
