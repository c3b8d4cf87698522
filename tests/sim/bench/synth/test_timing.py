"""Paths from delays: those of a chain that can be added up by hand."""

from sim.bench.synth.timing import worst_paths

PLACES = {"from": "a.py:1", "near": "a.py:2", "to": "b.py:1", "early": "b.py:2"}

#: from -> lut -> fast -> to, and from -> lut -> to: the latter's wire is longer. from -> early.
SDF = r"""
(INTERCONNECT from/Q lut\[0\]/A (1:2:1000) (1:2:1000))
(INTERCONNECT lut\[0\]/F to/DI (1:2:5000) (1:2:5000))
(INTERCONNECT lut\[0\]/F fast/A (0:0:100) (0:0:100))
(INTERCONNECT fast/F to/CE (0:0:100) (0:0:100))
(INTERCONNECT from/Q early/DI (0:0:0) (0:0:0))
(INTERCONNECT pad/O early/CE (0:0:99000) (0:0:99000))
(INSTANCE lut\[0\])
(IOPATH A F (1:1:200) (1:1:200))
(INSTANCE fast)
(IOPATH A F (1:1:200) (1:1:200))
(INSTANCE from)
(IOPATH CLK Q (400:477:500) (400:477:500))
(SETUPHOLD (posedge DI) (posedge CLK) (0:0:0) (1:2:3))
(INSTANCE to)
(IOPATH CLK Q (400:477:500) (400:477:500))
(SETUPHOLD (posedge DI) (posedge CLK) (0:0:-10) (1:2:3))
(SETUPHOLD (negedge DI) (posedge CLK) (0:0:7777) (1:2:3))
(SETUPHOLD (posedge CE) (posedge CLK) (0:0:0) (1:2:3))
(INSTANCE early)
(SETUPHOLD (posedge DI) (posedge CLK) (0:0:300) (1:2:3))
(SETUPHOLD (posedge CE) (posedge CLK) (0:0:300) (1:2:3))
"""


class Named:
    """Stands for `Routed`: only cells of `PLACES` have a name."""

    def signal(self, cell, port):
        name = "near" if cell == "lut[0]" else cell
        return (name, PLACES[name]) if name in PLACES else None


def test_paths_come_slowest_first_one_for_each_pair_of_registers():
    slow, quick = worst_paths(SDF.splitlines(), Named(), 10)

    assert (slow.ns, slow.cells) == (0.5 + 1.0 + 0.2 + 5.0 - 0.01, 1)
    assert [(stop.signal, stop.place, stop.ns) for stop in slow.stops] == [
        ("from", "a.py:1", 0.5), ("near", "a.py:2", 1.5), ("to", "b.py:1", 6.7),
    ]  # fmt: skip
    assert (quick.ns, quick.cells) == (0.8, 0)
    assert [stop.signal for stop in quick.stops] == ["from", "early"]


def test_no_more_than_are_asked_for():
    assert len(worst_paths(SDF.splitlines(), Named(), 1)) == 1
