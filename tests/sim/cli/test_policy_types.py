"""Paging policies as the command line takes them, and what is said of those that are none."""

import click
import pytest

from sim.cli.policy_types import PolicyName, PolicyNames


def complaint(kind, value):
    with pytest.raises(click.BadParameter) as raised:
        kind.convert(value, None, None)
    return raised.value.message


@pytest.mark.parametrize("name", ["lazy", "batch:8", "cow+superpage+zero-page"])
def test_a_policy_is_as_it_was_given(name):
    assert PolicyName().convert(name, None, None) == name


def test_several_stand_with_commas_between():
    assert PolicyNames().convert("lazy,batch:8", None, None) == ("lazy", "batch:8")
    assert PolicyNames().convert(("lazy", "cow"), None, None) == ("lazy", "cow")


@pytest.mark.parametrize(
    "kind, value, said",
    [
        (PolicyName(), "lazy+cow", "policy 'lazy+cow': lazy cannot be joined with others"),
        (PolicyNames(), "lazy", "lazy is one alone: two or more are compared"),
        (PolicyNames(), "cow,cow", "cow,cow has one of them twice"),
        (PolicyNames(), "cow,batch:3", "policy 'batch:3': batch:N needs a power of two, 2 to 512"),
    ],
)
def test_what_is_none_is_told(kind, value, said):
    assert complaint(kind, value) == said
