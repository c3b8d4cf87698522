"""The hardware performance monitor: counters of events that software chooses.

Privileged specification, "Hardware Performance Monitor"; Zihpm.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import MHPMCOUNTERS
from hdl.events import Event

__all__ = ["Monitors"]

#: Number of the first counter: those before it are `cycle`, `time` and `instret`.
FIRST = 3


class Monitors(wiring.Component):
    """`mhpmcounter3` and the following ones, with the `mhpmevent` of each.

    A counter grows by 1 for each cycle in which any of the events happens whose bits its
    `mhpmevent` has set, if it is not inhibited; at the end of the cycle after that one, since
    events are known late in theirs. A write of a counter replaces the increments for its own cycle
    and the one before, a write of its `mhpmevent` that for its own. The counters that are not there
    read 0, and so do their events: "All counters should be implemented, but a legal implementation
    is to make both the counter and its corresponding event selector be read-only 0."

    Parameters
    ----------
    counters : int
        How many there are, 0 to 29.

    Raises
    ------
    ValueError
        For any other number.
    """

    #: The events of this cycle, by the numbers of `hdl.events`.
    events: In(len(Event))
    #: `mcountinhibit`: a bit for each counter that stands still.
    inhibit: In(32)
    #: Which counter is meant, and what it and its `mhpmevent` hold; combinational.
    number: In(5)
    counter: Out(64)
    selection: Out(64)
    #: Write one of them at the end of the cycle.
    write_counter: In(1)
    write_selection: In(1)
    data: In(64)

    def __init__(self, *, counters: int) -> None:
        if counters not in range(len(MHPMCOUNTERS) + 1):
            raise ValueError(f"hpm_counters must be 0 to {len(MHPMCOUNTERS)}, not {counters!r}")
        super().__init__()
        numbers = range(FIRST, FIRST + counters)
        #: State, by number.
        self.counters = {n: Signal(64, name=f"mhpmcounter{n}") for n in numbers}
        self.selected = {n: Signal(len(Event), name=f"mhpmevent{n}") for n in numbers}
        #: The events of the cycle before this one, and which counters may count it, by number.
        self.seen = Signal(len(Event), name="seen", reset_less=True)
        self.open = {n: Signal(name=f"open{n}") for n in numbers}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        counts = Signal()
        m.d.comb += counts.eq(Cat(self.selected.values()).any())
        for number, counter in self.counters.items():
            selected, may = self.selected[number], self.open[number]
            named = self.number == number
            written, chosen = named & self.write_counter, named & self.write_selection
            due = may & (selected & self.seen).any()
            # One enable and one choice, which flip-flops have: no other way to keep the old value.
            with m.If(written | due):
                m.d.sync += counter.eq(Mux(written, self.data, counter + 1))
            with m.If(chosen):
                m.d.sync += selected.eq(self.data)
            m.d.sync += may.eq(counts & ~self.inhibit[number] & ~written & ~chosen)
        # Mostly nobody counts: then a simulator need not know what happens.
        with m.If(counts):
            m.d.sync += self.seen.eq(self.events)
        with m.Switch(self.number):
            for number, counter in self.counters.items():
                with m.Case(number):
                    m.d.comb += [
                        self.counter.eq(counter),
                        self.selection.eq(self.selected[number]),
                    ]
        return m
