"""The options that commands share: which command has which, in which order, with which default."""

import click
import pytest

from sim.cli.injected import INJECTED, INTO_MACHINE
from sim.cli.main import bare, boot, run, translate
from sim.cli.parameters import (
    BOOT,
    CONSOLE,
    KERNEL,
    LIMIT,
    MACHINE,
    PROTECTION,
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
        (run, (MACHINE, PROTECTION, LIMIT, SHOWN, KERNEL, INJECTED, WATCHED, CONSOLE)),
        (bare, (MACHINE, PROTECTION, LIMIT, SHOWN, INTO_MACHINE)),
        (boot, (MACHINE, LIMIT, SHOWN, BOOT, INTO_MACHINE, CONSOLE)),
        (translate, (MACHINE, PROTECTION, LIMIT, KERNEL)),
    ],
)
def test_the_options_of_a_command_are_those_of_its_groups_in_their_order(command, groups):
    expected = names(*groups)
    assert [param.name for param in command.params][: len(expected)] == expected
    every = names(MACHINE, PROTECTION, LIMIT, SHOWN, KERNEL, INJECTED, WATCHED, BOOT, CONSOLE)
    others = set(every) - set(expected)
    assert not others & {param.name for param in command.params}


@pytest.mark.parametrize(
    "config, groups", [(MachineConfig, [MACHINE, PROTECTION]), (RunConfig, [KERNEL])]
)
def test_what_is_not_given_is_as_the_configuration_has_it(config, groups):
    command = click.Command("x", params=params(*groups))
    given = command.make_context("x", []).params
    assert len(given) > 5
    for name, value in given.items():
        assert value == getattr(config, name), name


@pytest.mark.parametrize("name", sorted(set(BOUNDS) & set(names(MACHINE, PROTECTION, KERNEL))))
def test_a_number_has_the_bounds_of_the_configuration(name):
    (param,) = (param for param in params(MACHINE, PROTECTION, KERNEL) if param.name == name)
    least, most = BOUNDS[name]
    assert param.type.convert(str(least), param, None) == least
    for wrong in (least - 1, *([] if most is None else [most + 1])):
        with pytest.raises(click.BadParameter):
            param.type.convert(str(wrong), param, None)


EVERY = (MACHINE, PROTECTION, LIMIT, SHOWN, KERNEL, WATCHED, CONSOLE, BOOT)


def those(**attributes):
    """The names of options of which that is so."""
    return {
        param.name
        for param in params(*EVERY)
        if all(getattr(param, name) == value for name, value in attributes.items())
    }


def test_what_is_a_flag_takes_no_value():
    flags = {"fast_forward", "misaligned", "counters", "quiet", "svadu", "programs", "check"}
    flags |= {"trace_syscalls", "trace_faults", "write_disk", "traced", "vmprint_exec"}
    assert those(is_flag=True) == flags


def test_flags_that_take_something_away_have_it_by_default():
    command = click.Command("x", params=params(MACHINE, PROTECTION, KERNEL))
    for options, value in (([], True), (["--no-fast-forward", "--no-programs"], False)):
        given = command.make_context("x", options).params
        assert (given["fast_forward"], given["programs"]) == (value, value)


def test_files_and_page_tables_may_be_several():
    assert those(multiple=True) == {"files", "vmprint"}


def test_a_default_that_is_a_word_or_a_number_is_shown():
    # What lies at an address has none.
    numbers = set(BOUNDS) & set(names(*EVERY)) - {"raw"}
    assert those(show_default=True) == numbers | {"kernel_cost", "policy", "abi", "quantum"}


@pytest.mark.parametrize("name", ["max_cycles", "vcd_fault", "vcd_last", "at"])
def test_what_is_counted_from_one_is_not_nothing(name):
    (param,) = (param for param in params(*EVERY) if param.name == name)
    assert param.type.convert("1", param, None) == 1
    with pytest.raises(click.BadParameter):
        param.type.convert("0", param, None)


def test_the_last_cycles_are_no_more_than_are_kept():
    (param,) = (param for param in params(SHOWN) if param.name == "vcd_last")
    assert param.type.convert("100k", param, None) == 100_000
    with pytest.raises(click.BadParameter):
        param.type.convert("100,001", param, None)
