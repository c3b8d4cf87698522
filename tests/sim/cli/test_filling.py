import click
import pytest

from sim.cli.filling import config_of, fill
from sim.cli.options import Options
from sim.config import MachineConfig


def test_a_record_takes_what_it_has_of_the_options():
    options = {"max_cycles": 7, "quiet": True, "latency": 3}
    assert fill(Options, options) == Options(max_cycles=7, quiet=True)
    assert config_of(MachineConfig, options) == MachineConfig(latency=3)


@pytest.mark.parametrize("name", ["vcd", "log_commits", "rvfi", "log_walks", "kanata", "report"])
def test_what_looks_at_every_signal_wants_them_computed(name):
    assert config_of(MachineConfig, {name: "file"}).traced
    assert not config_of(MachineConfig, {name: None}).traced


def test_a_machine_that_cannot_be_is_a_mistake_in_an_option():
    with pytest.raises(click.UsageError, match="--btb-entries must be a power of two, not 12"):
        config_of(MachineConfig, {"btb_entries": 12})
