from pathlib import Path

import hcl2
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _tag)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "terraform").rglob("*.tf*")), ids=lambda path: path.name
)
def test_terraform_parses(path):
    if ".terraform" in path.as_posix().removeprefix(ROOT.as_posix()):
        pytest.skip("not ours")
    with path.open() as file:
        assert hcl2.load(file)


def test_sam_parses():
    template = yaml.load((ROOT / "sam" / "template.yaml").read_text(), Loader)
    assert template["Transform"].startswith("AWS::Serverless")
