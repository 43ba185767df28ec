"""VECTORS.md says where each leak is: this keeps it true."""

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
    assert len(rows()) == sum(line.startswith("| `") for line in lines) > 100


@pytest.mark.parametrize(("rule", "file", "line", "symbol"), rows())
def test_row(rule, file, line, symbol):
    text = (ROOT / file).read_text().splitlines()[int(line) - 1]
    assert symbol.replace("\\|", "|") in text


def test_article_points_at_lines_that_exist():
    article = (ROOT / "ARTICLE.md").read_text()
    places = re.findall(r"`([\w./-]+\.(?:py|tf|tfvars|yaml|yml|html)):(\d+)`", article)
    assert places
    for file, line in places:
        assert int(line) <= len((ROOT / file).read_text().splitlines()), (file, line)


def test_article_names_rules_of_the_vectors():
    article = (ROOT / "ARTICLE.md").read_text()
    table = [line for line in article.splitlines() if line.startswith("| ")]
    named = {rule for line in table for rule in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", line)}
    assert named <= {row[0] for row in rows()}
