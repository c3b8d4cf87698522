"""Functions that work on the state."""

import ctypes
from types import SimpleNamespace

import pytest

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler import emit as emit_module
from sim.engines.native.compiler.bit_slicing import Piece
from sim.engines.native.compiler.cxx import compile_library
from sim.engines.native.compiler.decision_tables import Table
from sim.engines.native.compiler.emit import PRELUDE, emit, emit_tables
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.scheduling import schedule
from sim.engines.native.compiler.statements import make_nodes
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)


def text_of(design, *roots, rare=None, **options):
    pieces, live = split_for(design, *roots)
    layout = Layout.of(pieces, live)
    layout.keep([])
    nodes = make_nodes(pieces, live, list(enumerate(roots)))
    return emit("step", pieces, layout, schedule(pieces, nodes, **options), rare=rare or {})


class Machine:
    """A compiled circuit; `outputs` are what the roots were before the last step."""

    def __init__(self, directory, design, *roots, **options):
        pieces, live = split_for(design, *roots)
        self.layout = layout = Layout.of(pieces, live)
        nodes = make_nodes(pieces, live, list(enumerate(roots)))
        text = emit("step", pieces, layout, schedule(pieces, nodes, **options))
        source_text = "\n".join([PRELUDE, emit_tables(pieces), text])
        path, _cached = compile_library(source_text, "test", directory, "-O0")
        self._step = ctypes.CDLL(str(path)).step
        self.state = (ctypes.c_uint64 * layout.size)(*layout.initial(design))
        self.outputs = (ctypes.c_uint64 * len(roots))()

    def step(self, *inputs):
        """One cycle with these values of the first registers."""
        self.state[: len(inputs)] = inputs
        self._step(self.state, self.outputs)
        return list(self.outputs)


def rows(depth=5, width=8, init=()):
    return c.Memory(width, source, "rows", depth, init)


@pytest.mark.parametrize(
    ("count", "kind"), [(254, "uint8_t"), (255, "uint8_t"), (256, "uint16_t"), (257, "uint16_t")]
)
def test_a_table_has_room_for_the_number_of_its_last_case(count, kind):
    bits = tuple(c.net(1, bit) for bit in range(9))
    table = Table(bits, tuple(min(case, count) for case in range(1 << 9)), count)
    assert f" {kind} " in emit_tables(SimpleNamespace(tables={7: table}))


def test_a_register_under_a_condition_is_one_branch():
    held = assign(out(2, 0, 8), (c.net(1, 0), 4, (1, 1, 0, 0)))
    design = circuit(flip_flop(1), flip_flop(8, data=out(3, 0, 8)), held)
    assert "if (s[0]) { s[1] = ((s[1] & 0xfull) | (u64(3ull) << 4)); }" in text_of(
        design, out(2, 0, 8)
    )


def test_in_an_if_on_its_condition_a_register_is_just_written():
    held = assign(out(2), (c.net(1, 0), 0, out(3)))
    design = circuit(flip_flop(2), flip_flop(1, data=out(4)), operator("~", 1, out(1, 1)), held)
    text = text_of(design, out(2), min_work=1)
    assert "if ((s[0] & 1ull)) {\n" in text
    assert "\ns[1] = v3_0;\n" in text
    # One that is written always is so, too.
    assert "\ns[0] = (s[0] ^ 1ull);" not in text
    always = circuit(flip_flop(1, data=out(2)), operator("~", 1, out(1)))
    assert "\ns[0] = v2_0;\n" in text_of(always, out(1))


@pytest.mark.parametrize(
    "bits, expected",
    [
        (0xFF, "if (u64 n = v2_0; n != s[0]) { s[0] = n; s[1] = ~0ull; }"),
        (0xF0, "{ u64 n = v2_0; s[1] |= -u64(((n ^ s[0]) & 0xf0ull) != 0); s[0] = n; }"),
        (0x80, "{ u64 n = v2_0; s[1] |= -u64(((n ^ s[0]) & 0x80ull) != 0); s[0] = n; }"),
    ],
)
def test_what_is_kept_is_stale_when_bits_that_rarely_change_have_changed(bits, expected):
    design = circuit(flip_flop(8, data=out(2, 0, 8)), operator("~", 8, out(1, 0, 8)))
    assert expected in text_of(design, out(1, 0, 8), rare={Piece(1, 0, 8): bits})


def test_registers_swap(tmp_path):
    design = circuit(flip_flop(4, out(2, 0, 4), init=3), flip_flop(4, out(1, 0, 4), init=9))
    machine = Machine(tmp_path, design, out(1, 0, 4), out(2, 0, 4))
    assert [machine.step() for _ in range(3)] == [[3, 9], [9, 3], [3, 9]]


def test_a_register_rotates_under_one_of_two_conditions(tmp_path):
    turned = assign(
        out(2, 0, 4),
        (c.net(1, 0), 0, (*out(2, 1, 4), c.net(2, 0))),
        (c.net(1, 1), 0, (*out(2, 2, 4), *out(2, 0, 2))),
    )
    design = circuit(flip_flop(2), flip_flop(4, out(3, 0, 4), init=0b0001), turned)
    machine = Machine(tmp_path, design, out(2, 0, 4))
    seen = [machine.step(control)[0] for control in (1, 2, 3, 0, 0)]
    # With both conditions the last assignment wins, and it sees the old value.
    assert seen == [0b0001, 0b1000, 0b0010, 0b1000, 0b1000]


def test_a_row_that_is_not_there_reads_as_zero_and_takes_no_write(tmp_path):
    write = c.Write(0, source, 2, out(1, 0, 3), (1,) * 8, (1,) * 8)
    read = c.AsyncRead(8, source, 2, out(1, 0, 3))
    design = circuit(flip_flop(3), rows(5, init=(1, 2, 3, 4, 5)), write, read)
    machine = Machine(tmp_path, design, out(4, 0, 8))
    assert machine.step(4) == [5]
    assert machine.step(7) == [0]
    assert machine.step(4) == [0xFF]
    assert list(machine.state)[-5:] == [1, 2, 3, 4, 0xFF]


def test_bits_that_are_not_enabled_keep_their_value(tmp_path):
    enable = out(1) * 4 + out(1, 1) * 4
    write = c.Write(0, source, 2, (0, 0, 0), (1,) * 8, enable)
    design = circuit(flip_flop(2), rows(), write, c.AsyncRead(8, source, 2, (0, 0, 0)))
    machine = Machine(tmp_path, design, out(4, 0, 8))
    assert [machine.step(control)[0] for control in (2, 0, 1, 0)] == [0, 0xF0, 0xF0, 0xFF]


def transparent(directory, depth):
    """Input: address of both ports (3 bits), enable of the write. Writes 0xFF, reads later."""
    write = c.Write(0, source, 2, out(1, 0, 3), (1,) * 8, out(1, 3) * 8)
    seeing = c.SyncRead(8, source, 2, out(1, 0, 3), 1, (3,))
    blind = c.SyncRead(8, source, 2, out(1, 0, 3), 1, ())
    design = circuit(flip_flop(4), rows(depth), write, seeing, blind)
    return Machine(directory, design, out(4, 0, 8), out(5, 0, 8))


def test_a_register_whose_condition_is_an_if_is_written_only_then(tmp_path):
    held = assign(out(2), (c.net(1, 0), 0, out(3)))
    inverter = operator("~", 1, out(1, 1))
    design = circuit(flip_flop(2), flip_flop(1, data=out(4)), inverter, held)
    machine = Machine(tmp_path, design, out(2), min_work=1)
    # Bit 0: it is written; bit 1: with the inverse of that.
    assert [machine.step(inputs)[0] for inputs in (0, 1, 2, 3, 0)] == [0, 0, 1, 1, 0]


def test_a_write_over_a_cut_writes_both_parts(tmp_path):
    word, most = out(1, 0, 64), (*out(1, 0, 64), *out(1, 0, 34))
    held = assign(out(3, 0, 100), (c.net(2, 0), 2, most), (c.net(2, 1), 0, word[:50]))
    design = circuit(flip_flop(64), flip_flop(2), flip_flop(100, data=out(4, 0, 100)), held)
    machine = Machine(tmp_path, design, out(3, 0, 50), out(3, 50, 100))
    assert Piece(3, 0, 50) in machine.layout.registers
    number, value = 0x9234_5678_9ABC_DEF1, 0
    for flags in (1, 2, 1, 3, 0):
        assert machine.step(number, flags) == [value & (1 << 50) - 1, value >> 50]
        if flags & 1:
            value = value & 3 | (number | number << 64) << 2 & (1 << 100) - 1
        if flags & 2:
            value = value >> 50 << 50 | number & (1 << 50) - 1


def test_what_is_assigned_over_a_cut_is_in_both_parts(tmp_path):
    wide = assign((1,) * 100, (c.net(2, 0), 60, out(1, 0, 20)), (1, 90, (0, 0)))
    design = circuit(flip_flop(64), flip_flop(1), wide)
    machine = Machine(tmp_path, design, out(3, 0, 64), out(3, 64, 100))
    kept, number = (1 << 100) - 1 & ~(3 << 90), 0xA_5C3B
    for chosen in (0, 1):
        value = kept & ~(0xF_FFFF << 60) | number << 60 if chosen else kept
        assert machine.step(number, chosen) == [value & (1 << 64) - 1, value >> 64]


def test_of_matches_the_first_that_holds_counts(tmp_path):
    values = (out(1, 0, 2), out(1, 0, 2), out(1, 2, 4))
    matches = [
        c.Matches(1, source, v, (p,)) for v, p in zip(values, ("1-", "11", "0-"), strict=True)
    ]
    # The first test of all is another, so that no table is made of them.
    chain = c.Priority(4, source, 1, out(1, 4) + out(2) + out(3) + out(4))
    machine = Machine(
        tmp_path, circuit(flip_flop(5), *matches, chain), *(out(5, n) for n in range(4))
    )
    for inputs in range(32):
        tests = [inputs >> 4, inputs >> 1 & 1, int(inputs & 3 == 3), int(inputs >> 3 & 1 == 0)]
        first = tests.index(1) if 1 in tests else None
        assert machine.step(inputs) == [int(n == first) for n in range(4)]


def test_a_constant_in_a_chain_of_priority(tmp_path):
    chains = [c.Priority(3, source, 1, (c.net(1, 0), n, c.net(1, 1))) for n in (0, 1)]
    roots = [value for cell in (2, 3) for value in (out(cell, 0), out(cell, 1), out(cell, 2))]
    machine = Machine(tmp_path, circuit(flip_flop(2), *chains), *roots)
    seen = [machine.step(inputs) for inputs in range(4)]
    assert [each[:3] for each in seen] == [[0, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert [each[3:] for each in seen] == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("low", [0, 1, 63, 64])
def test_bits_of_a_row_come_from_the_words_they_are_in(tmp_path, low):
    row = 0x9234_5678_9ABC_DEF1 << 64 | 0x8EDC_BA98_7654_3211
    design = circuit(flip_flop(1), rows(2, 128, (row, 0)), c.AsyncRead(128, source, 2, out(1)))
    # That each has its inverter cuts the row where they begin.
    design.cells += [operator("~", 64, out(3, low, low + 64)), operator("~", 1, out(3))]
    machine = Machine(tmp_path, design, out(4, 0, 64), out(5))
    assert machine.step(0) == [~row >> low & (1 << 64) - 1, 0]


def test_a_transparent_port_sees_what_is_being_written(tmp_path):
    machine = transparent(tmp_path, 8)
    machine.step(0b1000 | 6)
    assert machine.step(6) == [0xFF, 0]
    assert machine.step(6) == [0xFF, 0xFF]


def test_a_transparent_port_sees_a_write_past_the_end_as_pysim_does(tmp_path):
    machine = transparent(tmp_path, 5)
    machine.step(0b1000 | 6)
    assert machine.step(6) == [0xFF, 0]
    assert machine.step(6) == [0, 0]


def test_a_switch_with_a_table(tmp_path):
    tests = [c.Matches(1, source, out(1, 0, 3), (p,)) for p in ("001", "01-", "1--")]
    cases = c.Priority(3, source, c.net(1, 3), out(2) + out(3) + out(4))
    chosen = operator("^", 3, out(5, 0, 3), (0, 0, 0))
    machine = Machine(tmp_path, circuit(flip_flop(4), *tests, cases, chosen), out(6, 0, 3))
    assert [machine.step(8 | n)[0] for n in range(8)] == [0, 1, 2, 2, 4, 4, 4, 4]
    assert machine.step(1) == [0]


def switched(count):
    """A switch on the lower bits of the input 1 with `count` cells that it chooses."""
    tests = [c.Matches(1, source, out(1, 0, 3), (p,)) for p in ("001", "01-", "1--")]
    cases = c.Priority(3, source, c.net(1, 3), out(2) + out(3) + out(4))
    chosen = [
        assign(
            (1, 0, 0),
            (c.net(5, 0), 0, out(1, 0, 3)),
            (c.net(5, 1), 1, out(1, 4, 6)),
            (c.net(1, 5), 2, (1,)),
            (c.net(5, 2), 0, (0, 1)),
        )
        for _ in range(count)
    ]
    return circuit(flip_flop(6), *tests, cases, *chosen)


def test_what_a_switch_chooses_is_computed_in_its_cases(tmp_path):
    design, roots = switched(2), (out(6, 0, 3), out(7, 0, 3))
    # Of each the two assignments that come first; the last one has to wait for another.
    assert text_of(design, *roots).count("switch (v5_0) {") == 1
    assert "switch" not in text_of(switched(1), roots[0])
    machine = Machine(tmp_path, design, *roots)
    for inputs in range(64):
        case = (None, 0, 1, 1, 2, 2, 2, 2)[inputs & 7] if inputs & 8 else None
        expected = 1
        if case == 0:
            expected = inputs & 7
        if case == 1:
            expected = expected & 1 | (inputs >> 4 & 3) << 1
        if inputs & 32:
            expected |= 4
        if case == 2:
            expected = expected & 4 | 2
        assert machine.step(inputs) == [expected] * 2


def test_so_is_a_switch_in_one_of_its_cases(tmp_path, monkeypatch):
    monkeypatch.setattr(emit_module, "MIN_CASES", 1)
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    outer = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    inner = c.Priority(2, source, c.net(5, 1), (c.net(1, 2), c.net(1, 3)))
    design = circuit(flip_flop(4), *tests, outer, inner)
    roots = (out(6), out(6, 1), out(5, 2))
    assert "switch (v5_0) {" in text_of(design, *roots)
    machine = Machine(tmp_path, design, *roots)
    for inputs in range(16):
        case, first, second = inputs & 3, inputs >> 2 & 1, inputs >> 3
        assert machine.step(inputs) == [
            int(case == 1 and first),
            int(case == 1 and not first and second),
            int(case == 2),
        ]


@pytest.mark.parametrize("count, made", [(3, 0), (4, 1)])
def test_a_switch_is_worth_some_lines(count, made):
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    outer = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    inner = [c.Priority(1, source, c.net(5, 1), (c.net(1, 2),)) for _ in range(count)]
    roots = (out(5, 2), *(out(6 + n) for n in range(count)))
    assert text_of(circuit(flip_flop(3), *tests, outer, *inner), *roots).count("switch") == made


def one_of_two(op, *bits, **options):
    """How two bits are combined: 4 is three inverters behind bit 1 of the input."""
    inverters = [operator("~", 1, out(1, 1)), *(operator("~", 1, out(2 + n)) for n in range(2))]
    text = text_of(circuit(flip_flop(2), *inverters, operator(op, 1, *bits)), out(5), **options)
    (line,) = (line for line in text.splitlines() if "v5_0 =" in line)
    return line.partition(" = ")[2]


def test_of_two_bits_the_one_that_may_not_be_there_is_asked_last():
    late, early, read = out(4), out(1), "(s[0] & 1ull)"
    for bits in ((late, early), (early, late)):
        assert one_of_two("&", *bits, min_work=1) == f"{read} ? v4_0 : 0ull;"
        assert one_of_two("|", *bits, min_work=1) == f"{read} ? 1ull : v4_0;"
    # Where both are there nothing is asked.
    assert one_of_two("&", late, early) == f"v4_0 & {read};"
    assert one_of_two("|", late, early) == f"v4_0 | {read};"
    assert one_of_two("^", late, early, min_work=1) == f"v4_0 ^ {read};"
    assert one_of_two("|", late, (0,), min_work=1) == "v4_0 | 0ull;"


def test_in_the_same_if_nothing_is_asked():
    inverters = [operator("~", 1, out(1, 1)), *(operator("~", 1, out(2 + n)) for n in range(2))]
    both = operator("&", 1, out(4), out(2))
    choice = operator("m", 1, out(1), out(5), out(1, 2))
    text = text_of(circuit(flip_flop(3), *inverters, both, choice), out(6), min_work=6)
    assert "v5_0 = v4_0 & v2_0;" in text


@pytest.mark.parametrize("op", ["&", "|"])
def test_a_bit_that_was_not_computed_is_not_read(op, tmp_path):
    # Three inverters behind bit 1, which matter only if bit 0 does not decide.
    inverters = [operator("~", 1, out(1, 1)), *(operator("~", 1, out(2 + n)) for n in range(2))]
    for bits in ((out(4), out(1)), (out(1), out(4))):
        design = circuit(flip_flop(2), *inverters, operator(op, 1, *bits))
        machine = Machine(tmp_path, design, out(5), min_work=1)
        for inputs in range(4):
            one, other = inputs & 1, 1 - (inputs >> 1)
            assert machine.step(inputs) == [one & other if op == "&" else one | other]
