"""Cells that take what is new only at their own edge."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.events import Claim, Edge, Events, gate


def circuit_of(*cells):
    return c.Circuit([None, *cells])


def test_one_rising_edge_need_not_be_told():
    edge = Edge("clk", "pos", "told")
    assert not Events().gated
    assert not Events([edge]).gated
    assert Events([edge, Edge("other", "pos", "told")]).gated
    assert Events([Edge("clk", "neg", "told")]).gated
    assert Events([edge], ["rst"]).gated


def test_a_flip_flop_keeps_its_value_at_the_edges_of_others():
    told, data = c.net(9, 0), (c.net(8, 0), c.net(8, 1))
    circuit = circuit_of(c.FlipFlop(2, "here", data, 0b10))
    gate(circuit, 1, told)
    choice = circuit.cells[2]
    assert circuit.cells[1].data == (c.net(2, 0), c.net(2, 1))
    assert (choice.op, choice.inputs) == ("m", ((told,), data, (c.net(1, 0), c.net(1, 1))))


def test_a_reset_at_once_comes_before_the_edge():
    circuit = circuit_of(c.FlipFlop(2, "here", (0, 1), 0b10))
    gate(circuit, 1, c.net(9, 0), c.net(7, 0))
    first = circuit.cells[3]
    assert circuit.cells[1].data == (c.net(3, 0), c.net(3, 1))
    assert first.inputs == ((c.net(7, 0),), (0, 1), (c.net(2, 0), c.net(2, 1)))


def test_memories_are_written_and_read_at_their_own_edge():
    told = c.net(9, 0)
    enable = (c.net(8, 0), c.net(8, 1))
    write = c.Write(0, "here", 5, (), (0, 0), enable)
    read = c.SyncRead(2, "here", 5, (), c.net(8, 2), ())
    circuit = circuit_of(write, read)
    gate(circuit, 1, told)
    gate(circuit, 2, told)
    assert write.enable == (c.net(3, 0), c.net(3, 1))
    assert circuit.cells[3].inputs == (enable, (told, told))
    assert read.enable == c.net(4, 0)
    assert circuit.cells[4].inputs == ((c.net(8, 2),), (told,))


def test_an_input_and_logic_heed_no_edge():
    circuit = circuit_of(c.FlipFlop(1, "here", None, 0), c.Operator(1, "here", "~", ((0,),)))
    gate(circuit, 1, c.net(9, 0))
    gate(circuit, 2, c.net(9, 0))
    assert len(circuit.cells) == 3
    assert circuit.cells[1].data is None


def test_the_signals_of_a_claim_come_in_one_order():
    signals = Claim("statement", 0, "enabled", "test", ["a", "b"], ("module", "sync")).signals
    assert signals == ["enabled", "test", "a", "b"]
