"""Every option of a command has a place: in the configuration, or in what is shown of the run."""

from dataclasses import fields

import pytest

from sim.cli.main import bare, boot, run
from sim.cli.options import BootOptions, Options, RunOptions
from sim.config import BootConfig, MachineConfig, RunConfig

#: Faults of the kernel model, which is not there: the command says so.
REFUSED = {"fail", "skip_fence"}
#: What is handed to a command by itself.
ARGUMENTS = {
    run: {"program", "arguments", "help"},
    bare: {"file", "signature", "signature_granularity", "help", *REFUSED},
    boot: {"kernel", "help", *REFUSED},
}
COMMANDS = [
    (run, RunConfig, RunOptions),
    (bare, MachineConfig, Options),
    (boot, BootConfig, BootOptions),
]


def names(record):
    return {field.name for field in fields(record)}


@pytest.mark.parametrize("command, config, options", COMMANDS)
def test_every_option_is_a_member(command, config, options):
    params = {param.name for param in command.params} - ARGUMENTS[command]
    assert params - names(config) == names(options)
    assert not names(config) & names(options)


@pytest.mark.parametrize("command, config, options", COMMANDS)
def test_what_is_not_given_is_as_if_there_were_no_such_option(command, config, options):
    context = command.make_context("x", ["x"])
    for name in names(options):
        assert context.params[name] == getattr(options(), name), name
