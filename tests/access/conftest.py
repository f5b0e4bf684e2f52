"""A project with rules of access."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.access_kit import Company, company


@pytest.fixture
def firm(tmp_path: Path) -> Company:
    """A project with a journal."""
    return company(tmp_path)
