"""The options that commands share: which command has which, in which order, with which default."""

import click
import pytest

from sim.cli.main import bare, boot, run, translate
from sim.cli.parameters import (
    BOOT,
    CONSOLE,
    KERNEL,
    LIMIT,
    MACHINE,
    SHOWN,
    WATCHED,
    with_options,
)
from sim.config import BOUNDS, MachineConfig, RunConfig


def params(*groups):
    """The parameters of a command that has these groups."""
    return click.command()(with_options(*groups)(lambda **_: None)).params


def names(*groups):
    return [param.name for param in params(*groups)]


@pytest.mark.parametrize(
    "command, groups",
    [
        (run, (MACHINE, LIMIT, SHOWN, KERNEL, WATCHED, CONSOLE)),
        (bare, (MACHINE, LIMIT, SHOWN)),
        (boot, (MACHINE, LIMIT, SHOWN, BOOT, CONSOLE)),
        (translate, (MACHINE, LIMIT, KERNEL)),
    ],
)
def test_the_options_of_a_command_are_those_of_its_groups_in_their_order(command, groups):
    expected = names(*groups)
    assert [param.name for param in command.params][: len(expected)] == expected
    every = names(MACHINE, LIMIT, SHOWN, KERNEL, WATCHED, BOOT, CONSOLE)
    others = set(every) - set(expected)
    assert not others & {param.name for param in command.params}


@pytest.mark.parametrize("config, groups", [(MachineConfig, [MACHINE]), (RunConfig, [KERNEL])])
def test_what_is_not_given_is_as_the_configuration_has_it(config, groups):
    command = click.Command("x", params=params(*groups))
    given = command.make_context("x", []).params
    assert len(given) > 5
    for name, value in given.items():
        assert value == getattr(config, name), name


@pytest.mark.parametrize("name", sorted(set(BOUNDS) & set(names(MACHINE, KERNEL))))
def test_a_number_has_the_bounds_of_the_configuration(name):
    (param,) = (param for param in params(MACHINE, KERNEL) if param.name == name)
    least, most = BOUNDS[name]
    assert param.type.convert(str(least), param, None) == least
    for wrong in (least - 1, *([] if most is None else [most + 1])):
        with pytest.raises(click.BadParameter):
            param.type.convert(str(wrong), param, None)
