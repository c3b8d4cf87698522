"""What designs print and claim: the same words at the same moments as on pysim."""

import traceback

import pytest
from amaranth.hdl import Assert, Assume, Cover, Format, Module, Print, Signal
from amaranth.lib import enum
from amaranth.sim import Simulator

from tests.sim.engines.native.testbench.benches import ENGINES, AtOnce, Late, bound_in_time


class Mood(enum.Enum, shape=2):
    CALM = 0
    CROSS = 2


class Counting:
    """Counts; `say` adds statements to the module, given the count and a signed negative of it."""

    def __init__(self, say):
        self.module, self.count, self.below = Module(), Signal(8), Signal(range(-99, 1))
        self.module.d.sync += [self.count.eq(self.count + 1), self.below.eq(self.below - 1)]
        say(self.module, self.count, self.below)


def ran(engine, say, cycles=6):
    """Runs for some cycles; what was raised, if anything was."""
    simulator = Simulator(Counting(say).module, engine=engine)
    bound_in_time(simulator)
    simulator.add_clock(1e-6)

    async def bench(ctx):
        await ctx.tick().repeat(cycles)

    simulator.add_testbench(bench)
    try:
        simulator.run()
    except AssertionError as error:
        return error
    return None


def printed(say, capsys):
    """What both engines print, which is the same."""
    texts = []
    for engine in ENGINES:
        assert ran(engine, say) is None
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] == texts[2]
    return texts[0]


def test_numbers_are_printed_as_their_format_says(capsys):
    def say(m, count, below):
        with m.If(count == 3):
            m.d.sync += Print("{braces}", count, below, end="!")
            m.d.sync += Print(Format("{:#06x}|{:>4d}|{:b}", count, below, count + below))

    assert printed(say, capsys) == "{braces} 3 -3!0x0003|  -3|0\n"


def test_text_and_members_of_an_enumeration_are_printed(capsys):
    def say(m, count, below):
        mood = Signal(Mood)
        m.d.comb += mood.eq(count[:2])
        m.d.sync += Print(mood, Format("{:s}", (count + 0x40)[:8]))

    assert printed(say, capsys).splitlines()[:3] == ["CALM @", "[unknown] A", "CROSS B"]


def test_a_branch_that_is_not_taken_prints_nothing(capsys):
    def say(m, count, below):
        with m.Switch(count):
            with m.Case(1, 4):
                m.d.sync += Print("some")
            with m.Case(2):
                m.d.sync += Print("two")

    assert printed(say, capsys).split() == ["some", "two", "some"]


def test_what_is_covered_is_told_if_it_has_words(capsys):
    def say(m, count, below):
        m.d.sync += [Cover(count == 2, Format("at {}", count)), Cover(count == 3)]

    (line,) = printed(say, capsys).splitlines()
    assert line.startswith("Coverage hit at ")
    assert line.endswith(": at 2")
    assert "test_claims.py:" in line


def follows(m, count, below):
    """In `comb`: what the count is, and what two modules made of it a step and two steps ago."""
    near, far = Signal(8), Signal(8)
    m.submodules.part = part = Module()
    part.d.comb += near.eq(count + 1)
    m.d.comb += [far.eq(near + 1), Print(count, near, far)]


def test_in_comb_each_step_is_printed(capsys):
    """Whenever something has changed that the module reads, though it has not settled."""
    lines = printed(follows, capsys).splitlines()
    assert lines[:6] == ["0 0 0", "0 1 1", "0 1 2", "1 1 2", "1 2 2", "1 2 3"]
    assert len(lines) > 18


def test_in_comb_a_branch_and_a_cover_speak_when_they_are_reached(capsys):
    def say(m, count, below):
        with m.If(count[1]):
            m.d.comb += Print("high", count, end=";")
        m.d.comb += Cover(count == below + 6, Format("{} and {}", count, below))
        m.d.sync += Print("edge", end=";")

    said = printed(say, capsys)
    assert said.count("high 2;") == said.count(": 3 and -3") == 1


def test_in_comb_a_property_has_to_hold_at_each_step():
    """So one that holds whenever all has settled may not."""

    def say(m, count, below):
        twice = Signal(9)
        m.d.comb += [twice.eq(count * 2), Assert(twice == count * 2, Format("at {}", count))]

    errors = [ran(engine, say) for engine in ENGINES]
    assert [str(error) for error in errors] == ["Assertion violated: at 1"] * 3
    places = [traceback.extract_tb(error.__traceback__)[-1] for error in errors]
    assert places[0][:2] == places[1][:2] == places[2][:2]


@pytest.mark.parametrize("claim", [Assert, Assume])
@pytest.mark.parametrize("words", [(), (Format("it is {:02d}", Signal(4, init=7)),)])
def test_what_does_not_hold_ends_the_run_where_it_is_claimed(claim, words):
    def say(m, count, below):
        m.d.sync += claim(count < 3, *words)

    errors = [ran(engine, say) for engine in ENGINES]
    assert str(errors[0]) == str(errors[1]) == str(errors[2])
    assert "violated" in str(errors[1])
    places = [traceback.extract_tb(error.__traceback__)[-1] for error in errors]
    assert places[1].filename == __file__
    assert places[0][:2] == places[1][:2] == places[2][:2]


def test_what_holds_does_not(capsys):
    assert printed(lambda m, count, below: m.d.sync.__iadd__(Assert(count < 99)), capsys) == ""


def test_wide_values_are_shown_whole(capsys):
    def say(m, count, below):
        m.d.sync += Print(count << 100, below << 70)

    assert printed(say, capsys).splitlines()[2] == f"{2 << 100} {-2 << 70}"


@pytest.mark.parametrize("domain, printed", [("sync", "0\n1\n2\n3\n"), ("comb", "0\n1\n2\n3\n4\n")])
def test_a_run_that_begins_again_prints_again(domain, printed, capsys):
    simulator = Simulator(
        Counting(lambda m, count, below: m.d[domain].__iadd__(Print(count))).module,
        engine=AtOnce,
    )
    simulator.add_clock(1e-6)
    texts = []
    for _ in range(2):
        simulator.run_until(4e-6)
        texts.append(capsys.readouterr().out)
        simulator.reset()
    assert texts[0] == texts[1] == printed


@pytest.mark.parametrize("moments", range(3, 8))
def test_so_does_one_that_is_compiled_when_it_has_just_been_reset(moments, capsys):
    def said(engine):
        simulator = Simulator(Counting(follows).module, engine=engine)
        simulator.add_clock(1e-6)
        for _ in range(moments):
            simulator.advance()
        simulator.reset()
        capsys.readouterr()
        simulator.run_until(4e-6)
        return capsys.readouterr().out

    assert said(Late) == said("pysim")
