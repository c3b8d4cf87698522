"""Results of runs that never were, for tests of what shows them."""

from sim.config import RunConfig
from sim.machine import End
from sim.result import Result

__all__ = ["make_result"]


def make_result(**members):
    """A result; what is not given is of no interest."""
    usual = {
        "config": RunConfig(),
        "end": End.FINISHED,
        "exit_status": 0,
        "cycles": 1,
        "instructions": 1,
        "engine": "pysim",
    }
    return Result(**usual | members)
