"""Simulators that run one set of testbenches after the other, and designs that tests share.

Making an MMU and a simulator of it takes ten times as long as what a test does with it. So the
tests of a unit share the design, and each begins at its reset.
"""

from collections import OrderedDict
from contextlib import contextmanager
from pathlib import Path

from amaranth.sim import Simulator

__all__ = ["Rig", "rig_of", "shared"]

#: Seconds of simulated time per clock cycle.
PERIOD = 1e-6
#: Designs that are kept, those that were asked for last.
MOST = 4
#: By what made them and with which parameters: a design, and its rigs.
_designs = OrderedDict()


class Rig:
    """A simulator of `dut`, clocked in the domain `sync` if that has flip-flops.

    Parameters
    ----------
    dut : Elaboratable
        What is simulated.
    engine
        What `Simulator` takes.
    foreground, background : int
        How many testbenches of each kind it is to run; it ends with those of the first.
    """

    def __init__(self, dut, engine, foreground, background):
        self._simulator = Simulator(dut, engine=engine)
        self._simulator.add_clock(PERIOD, if_exists=True)
        self._testbenches = ()
        for number in range(foreground + background):
            self._simulator.add_testbench(self._place(number), background=number >= foreground)

    def _place(self, number):
        async def testbench(ctx):
            await self._testbenches[number](ctx)

        return testbench

    def run(self, testbenches, vcd=None):
        """Runs async `testbenches` from the reset, into the waveform `vcd` if that is a path."""
        self._simulator.reset()
        self._testbenches = testbenches
        if vcd is None:
            self._simulator.run()
            return
        Path(vcd).parent.mkdir(parents=True, exist_ok=True)
        with self._simulator.write_vcd(str(vcd)):
            self._simulator.run()


def shared(make, **parameters):
    """`make(**parameters)`, made once for all tests that ask for the same.

    None of them changes anything of it.
    """
    key = (make, *sorted(parameters.items()))
    if key not in _designs:
        _designs[key] = make(**parameters), {}
    _designs.move_to_end(key)
    while len(_designs) > MOST:
        _designs.popitem(last=False)
    return _designs[key][0]


@contextmanager
def rig_of(dut, *description):
    """A `Rig(dut, *description)`, for `with`; of a design that is shared it is kept.

    What a testbench that fails leaves behind is not for the next one.
    """
    rigs = next((rigs for design, rigs in _designs.values() if design is dut), {})
    rig = rigs.pop(description, None) or Rig(dut, *description)
    yield rig
    rigs[description] = rig
