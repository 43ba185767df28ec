"""VECTORS.md says how each way is closed, and where: this keeps it true."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `([a-z-]+)` \| `([^`]+):(\d+)` \| `(.+?)` \| .+ \|$")


def rows():
    lines = (ROOT / "VECTORS.md").read_text().splitlines()
    return [found.groups() for line in lines if (found := ROW.match(line))]


def test_every_line_of_the_tables_is_read():
    lines = (ROOT / "VECTORS.md").read_text().splitlines()
    assert len(rows()) == sum(line.startswith("| `") for line in lines) > 50


@pytest.mark.parametrize(("rule", "file", "line", "symbol"), rows())
def test_row(rule, file, line, symbol):
    text = (ROOT / file).read_text().splitlines()[int(line) - 1]
    assert symbol.replace("\\|", "|") in text
