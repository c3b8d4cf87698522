"""What one walk over a design sees."""

import pytest
from amaranth.asserts import AnyConst
from amaranth.hdl import (
    Array,
    Assert,
    Cat,
    ClockDomain,
    ClockSignal,
    Const,
    Format,
    MemoryData,
    MemoryInstance,
    Module,
    Mux,
    Print,
    Signal,
    signed,
)
from amaranth.lib.memory import Memory

from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.extract import prepare
from sim.engines.native.testbench.survey import Survey


class Example:
    """A design with a bit of everything; each keyword changes one thing in it."""

    def __init__(self, *, init=0, step=1, depth=4, width=8, pattern="0--", stop=4, comb=True):
        self.a = Signal(8)
        self.b = Signal(signed(width), init=init)
        self.choice = Signal(3)
        self.low = Signal(4)
        self.high = Signal(4)
        self.module = m = Module()
        m.submodules.rows = self.rows = Memory(shape=8, depth=depth, init=[])
        self.read = self.rows.read_port(domain="comb" if comb else "sync")
        m.d.comb += Cat(self.low, self.high).eq(Mux(self.choice[0], self.a, ~self.a))
        with m.Switch(self.choice):
            with m.Case(pattern):
                m.d.sync += self.b.eq(self.b + step)
            with m.Default():
                m.d.sync += self.b[:stop].eq(Array([self.a, self.low])[self.choice[1]])


def survey_of(**options):
    example = Example(**options)
    return example, Survey(prepare(example.module))


def names(survey, numbers):
    return {survey.signals[number].name for number in numbers}


def test_it_knows_what_is_driven_and_by_what():
    example, survey = survey_of()
    assert names(survey, survey.driven) == {"b", "low", "high", example.read.data.name}
    assert names(survey, survey.combinational) == {"low", "high", example.read.data.name}
    assert survey.memories == [example.rows.data]


def test_a_synchronous_read_port_is_no_logic():
    _example, survey = survey_of(comb=False)
    assert names(survey, survey.combinational) == {"low", "high"}


def edges(survey):
    return [(edge.clock.name, edge.kind) for edge in survey.events.edges]


def test_it_finds_the_clock():
    _example, survey = survey_of()
    assert edges(survey) == [("clk", "pos")]
    assert not survey.events.gated


def test_it_knows_which_bits_of_a_signal_are_logics_and_what_logic_reads():
    m, mixed, level, other = Module(), Signal(4, name="mixed"), Signal(name="level"), Signal()
    m.d.comb += [mixed[1].eq(level), Cat(mixed[3]).eq(level)]
    m.submodules.part = part = Module()
    part.d.sync += Cat(mixed[0], mixed[2]).eq(Cat(other, level))
    survey = Survey(prepare(m))
    ((number, mask),) = survey.mixed.items()
    assert (survey.signals[number].name, mask) == ("mixed", 0b1010)
    assert names(survey, survey.read_by_logic) == {"level"}


def test_logic_alone_has_no_clock():
    m = Module()
    m.d.comb += Signal(name="y").eq(1)
    survey = Survey(prepare(m))
    assert edges(survey) == []
    assert not survey.events.gated


def test_it_finds_every_edge_once_and_what_resets_at_once():
    m = Module()
    one, falling = ClockDomain("one"), ClockDomain("falling", clk_edge="neg")
    falling.clk = one.clk
    m.domains += [one, falling, ClockDomain("two"), ClockDomain("three", async_reset=True)]
    for name in ("one", "two", "three", "falling", "one"):
        m.d[name] += Signal(name=name).eq(1)
    survey = Survey(prepare(m))
    kinds = [("one_clk", "pos"), ("two_clk", "pos"), ("three_clk", "pos"), ("one_clk", "neg")]
    assert sorted(edges(survey)) == sorted(kinds)
    assert [reset.name for reset in survey.events.resets] == ["three_rst"]
    assert survey.events.gated


def test_what_is_printed_and_claimed_is_found_with_its_edge():
    m, y = Module(), Signal(4)
    m.d.sync += y.eq(~y)
    message(m)
    m.d.sync += Assert(y != 3, Format("{} {}", y, y + 1))
    survey = Survey(prepare(m))
    claims = survey.events.claims
    assert [type(claim.statement).__name__ for claim in claims] == ["Print", "Property"]
    assert [[len(value) for value in claim.values] for claim in claims] == [[], [4, 5]]
    assert {claim.edge for claim in claims} == {0}


def test_a_clock_that_logic_reads_is_found():
    m, y = Module(), Signal(2)
    m.domains.other = ClockDomain()
    m.domains.empty = ClockDomain()
    m.d.comb += y.eq(Cat(ClockSignal(), ClockSignal("empty")))
    m.d.other += Signal(name="q").eq(y)
    m.d.sync += Signal(name="p").eq(y)
    survey = Survey(prepare(m))
    assert names(survey, survey.read_clocks) == {"clk", "empty_clk"}


def speaking(more):
    """A design that prints in `comb`, with `more` signals of logic that this does not follow."""
    m, a = Module(), Signal(4)
    seen, near = Signal(4, name="seen"), Signal(4, name="near")
    m.submodules.near = part = Module()
    part.d.comb += near.eq(~a)
    m.submodules.speaking = part = Module()
    part.d.comb += [seen.eq(near + 1), Print(seen)]
    m.d.sync += a.eq(a + 1)
    for number in range(more):
        m.d.comb += Signal(name=f"more{number}").eq(a[0])
    return Survey(prepare(m))


def test_what_a_print_in_comb_follows_is_computed_step_by_step():
    survey = speaking(2)
    assert names(survey, survey.stepwise) == {"seen", "near"}
    assert len(survey.unsettled) == 2
    assert survey.events.claims == []
    survey.check_worth()


def test_if_most_logic_is_of_that_kind_it_is_not_worth_a_compiler():
    with pytest.raises(Unsupported, match=r"most of the logic, for Print in .*test_survey\.py:\d+"):
        speaking(1).check_worth()


def test_two_of_a_kind_have_one_hash_and_one_order():
    (one, first), (other, second) = survey_of(), survey_of()
    assert first.digest == second.digest
    places = [
        [id(signal) for signal in survey.signals].index(id(example.b))
        for example, survey in ((one, first), (other, second))
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize(
    "change",
    [
        {"init": 1},
        {"step": 2},
        {"depth": 5},
        {"width": 9},
        {"pattern": "1--"},
        {"stop": 5},
        {"comb": False},
    ],
)
def test_whatever_matters_changes_the_hash(change):
    assert survey_of(**change)[1].digest != survey_of()[1].digest


def test_a_domain_without_a_reset_is_one_like_any_other():
    m, y = Module(), Signal(name="y")
    m.domains.sync = ClockDomain(reset_less=True)
    m.d.sync += y.eq(~y)
    survey = Survey(prepare(m))

    assert names(survey, survey.driven) == {"y"}


def test_bits_may_be_chosen_on_both_sides():
    m, read, written, at = Module(), Signal(8, name="r"), Signal(8, name="w"), Signal(3, name="at")
    m.d.comb += written.bit_select(at, 2).eq(read.word_select(at[0], 2))
    survey = Survey(prepare(m))

    assert names(survey, survey.driven) == {"w"}
    assert {"r", "at"} <= {signal.name for signal in survey.signals}


def own_clock(m):
    m.domains.sync = domain = ClockDomain()
    m.d.comb += domain.clk.eq(Signal())


def own_reset(m):
    m.domains.sync = domain = ClockDomain(async_reset=True)
    m.d.comb += domain.rst.eq(Signal())


def clock_in_a_register(m):
    m.d.sync += Signal(2, name="q").eq(ClockSignal())


def clock_as_reset(m):
    m.domains.other = other = ClockDomain()
    m.domains.sync = sync = ClockDomain()
    sync.rst = other.clk
    m.d.other += Signal(name="q").eq(1)


def clock_as_address(m):
    m.submodules.rows = rows = Memory(shape=8, depth=2, init=[])
    rows.write_port()
    m.submodules.direct = MemoryInstance(data=MemoryData(shape=8, depth=2, init=[]))
    m.submodules.direct.read_port(
        domain="sync", addr=ClockSignal(), data=Signal(8), en=Const(1), transparent_for=()
    )


def message(m):
    m.d.sync += Print("hello")


def any_value(m):
    m.d.comb += Signal().eq(AnyConst(1))


def claim_on_a_row(m):
    m.submodules.rows = rows = Memory(shape=8, depth=2, init=[])
    port = rows.read_port(domain="comb")
    m.d.comb += Assert(port.data == 0)


def remark_on_a_mixture(m):
    mixed = Signal(2, name="mixed")
    m.d.sync += mixed[1].eq(1)
    m.submodules.part = part = Module()
    part.d.comb += [mixed[0].eq(1), Print(mixed)]


def part_of_twins(m):
    twice = Signal(4)
    m.d.sync += Array([Cat(twice[:2], Signal(), twice[1:]), twice])[Signal()].bit_select(0, 3).eq(1)


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (own_reset, "the asynchronous reset rst is made by the design"),
        (own_clock, "the clock clk is made by the design"),
        (
            clock_in_a_register,
            r"the clock clk is read in a domain with a clock at .*test_survey\.py:\d+",
        ),
        (clock_as_reset, "the clock other_clk is read in a domain with a clock"),
        (clock_as_address, "the clock clk is read in a domain with a clock"),
        (any_value, r"AnyValue at .*test_survey\.py:\d+"),
        (
            claim_on_a_row,
            r"Property in the domain comb at .*test_survey\.py:\d+ follows .* a memory drives",
        ),
        (
            remark_on_a_mixture,
            r"Print in the domain comb at .*test_survey\.py:\d+ follows mixed, which sync drives",
        ),
        (
            part_of_twins,
            r"part of what has bits twice is set at .*test_survey\.py:\d+",
        ),
    ],
)
def test_what_the_simulator_cannot_run_is_refused(spoil, complaint):
    m, y = Module(), Signal()
    m.d.sync += y.eq(~y)
    spoil(m)
    with pytest.raises(Unsupported, match=complaint):
        Survey(prepare(m))


def test_bits_that_come_once_or_are_all_set_are_not():
    m, one, choice = Module(), Signal(4), Signal(2)
    halves = Cat(one[2:], one[:2])
    m.d.sync += [
        halves.bit_select(choice, 2).eq(1),
        Cat(halves[1:3], Array([one, halves])[choice]).eq(2),
        Array([one, halves])[choice][:2].eq(3),
    ]
    Survey(prepare(m))
