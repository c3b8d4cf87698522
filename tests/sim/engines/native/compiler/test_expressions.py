"""C++ of every operator at many widths, against what the operators mean."""

import ctypes
import random

import pytest

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece
from sim.engines.native.compiler.cxx import compile_library
from sim.engines.native.compiler.emit import PRELUDE, emit
from sim.engines.native.compiler.expressions import Expressions, constant, mask, type_of
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.scheduling import schedule
from sim.engines.native.compiler.statements import make_nodes
from tests.sim.engines.native.compiler.cells import (
    circuit,
    flip_flop,
    operator,
    out,
    source,
    split_for,
)
from tests.sim.engines.native.compiler.meanings import DISTANCE, cells_and_meanings

WIDTHS = (1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """All of them in one library, and where their inputs and outputs are."""
    functions, places = [PRELUDE], {}
    for width in WIDTHS:
        cells = [cell for cell, _meaning in cells_and_meanings(width)]
        design = circuit(flip_flop(width), flip_flop(width), flip_flop(DISTANCE), *cells)
        values = [out(4 + n, 0, cell.width) for n, cell in enumerate(cells)]
        values += [out(1, 0, width), out(2, 0, width), out(3, 0, DISTANCE)]
        pieces, live = split_for(design, *values)
        words = [
            (value[i : i + 64], n)
            for n, value in enumerate(values)
            for i in range(0, len(value), 64)
        ]
        nodes = make_nodes(pieces, live, [(slot, word) for slot, (word, _n) in enumerate(words)])
        layout = Layout.of(pieces, live)
        functions.append(emit(f"at_{width}", pieces, layout, schedule(pieces, nodes)))
        places[width] = layout, [n for _word, n in words]
    path, _cached = compile_library("\n".join(functions), "test", tmp_path_factory.mktemp("cc"))
    return ctypes.CDLL(str(path)), places


def evaluate(library, width, a, b, distance):
    """Results of all cells at this width, in their order."""
    loaded, places = library
    layout, owners = places[width]
    numbers = {1: a, 2: b, 3: distance}
    state = (ctypes.c_uint64 * layout.size)()
    for piece, word in layout.registers.items():
        state[word] = numbers[piece.cell] >> piece.low & (1 << piece.width) - 1
    words = (ctypes.c_uint64 * len(owners))()
    getattr(loaded, f"at_{width}")(state, words)
    results = {}
    for word, owner in zip(reversed(words), reversed(owners), strict=True):
        results[owner] = results.get(owner, 0) << 64 | word
    return results


def operands(width):
    """Pairs of extreme and of random numbers."""
    extremes = [0, 1, (1 << width) - 1, 1 << (width - 1), (1 << (width - 1)) - 1]
    generator = random.Random(width)
    return [(a, b) for a in extremes for b in extremes] + [
        (generator.getrandbits(width), generator.getrandbits(generator.randint(1, width)))
        for _ in range(40)
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_operator_computes_what_it_means(library, width):
    distances = random.Random(width)
    for a, b in operands(width):
        distance = distances.choice((0, 1, width - 1, width, 255, distances.getrandbits(DISTANCE)))
        results = evaluate(library, width, a, b, distance)
        for number, (cell, meaning) in enumerate(cells_and_meanings(width)):
            expected = int(meaning(a, b, distance)) & (1 << cell.width) - 1
            assert results[number] == expected, (cell, hex(a), hex(b), distance)


def test_constants_and_types():
    assert constant(7) == "7ull"
    assert constant(0x1234) == "0x1234ull"
    assert constant(1 << 64 | 5) == "(u128(0x1ull) << 64 | 0x5ull)"
    assert mask(12) == "0xfffull"
    assert (type_of(64), type_of(65)) == ("u64", "u128")


@pytest.fixture
def expressions():
    """Expressions over an input of 16 bits, called x."""
    pieces, _live = split_for(circuit(flip_flop(16)), out(1, 0, 16))
    assert list(pieces) == [Piece(1, 0, 16)]
    return Expressions(pieces, lambda piece: "x")


@pytest.mark.parametrize(
    "value, expected",
    [
        ((), "0ull"),
        (out(1, 0, 16), "x"),
        (out(1, 4, 8), "((x >> 4) & 0xfull)"),
        (out(1, 12, 16), "(x >> 12)"),
        ((0, 0, *out(1, 12, 16)), "((x >> 12) << 2)"),
        ((1, 0, c.net(1, 15)), "(1ull | ((x >> 15) << 2))"),
        (out(1, 15) * 3, "(-u64((x >> 15)) & 7ull)"),
        # What is moved as far is moved together.
        ((0, *out(1, 1, 3), 0, 0, 0, *out(1, 6, 8)), "(x & 0xc6ull)"),
        (
            (c.net(1, 3), 1, c.net(1, 5), c.net(1, 0)),
            "(((x & 0x28ull) >> 3) | 2ull | ((x & 1ull) << 3))",
        ),
        ((0, 0, c.net(1, 0), 0, c.net(1, 2)), "((x & 5ull) << 2)"),
        # But for what is repeated.
        (
            (c.net(1, 0), 0, 0, c.net(1, 3), c.net(1, 3)),
            "((x & 1ull) | ((-u64(((x >> 3) & 1ull)) & 3ull) << 3))",
        ),
    ],
)
def test_values_are_shifted_and_masked(expressions, value, expected):
    assert expressions.value(value) == expected


def test_wide_values_are_taken_in_words(expressions):
    value = out(1, 0, 16) * 5
    assert [width for _text, width in expressions.words(value)] == [64, 16]


@pytest.mark.parametrize(
    "value, pattern, expected",
    [
        (out(1, 4, 8), "1-01", "u64((((x >> 4) & 0xfull) & 0xbull) == 9ull)"),
        (out(1, 4, 8), "1101", "u64(((x >> 4) & 0xfull) == 0xdull)"),
        # Bits from here and there are compared where they are.
        ((c.net(1, 3), c.net(1, 9)), "01", "u64((x & 0x208ull) == 8ull)"),
        ((c.net(1, 3), 1, c.net(1, 9)), "1-0", "u64((x & 0x208ull) == 0x200ull)"),
        # The same bit, twice.
        ((c.net(1, 3), c.net(1, 3)), "11", "u64((x & 8ull) == 8ull)"),
        ((c.net(1, 3), c.net(1, 3)), "01", "u64((-u64(((x >> 3) & 1ull)) & 3ull) == 1ull)"),
        (
            (c.net(1, 3), 1, c.net(1, 9)),
            "--1",
            "u64(((((x >> 3) & 1ull) | 2ull | (((x >> 9) & 1ull) << 2)) & 1ull) == 1ull)",
        ),
        (
            (c.net(1, 3), 1, c.net(1, 9)),
            "-11",
            "u64(((((x >> 3) & 1ull) | 2ull | (((x >> 9) & 1ull) << 2)) & 3ull) == 3ull)",
        ),
    ],
)
def test_patterns_are_compared_where_the_bits_are(value, pattern, expected):
    pieces, _live = split_for(
        circuit(flip_flop(16), c.Matches(1, source, value, (pattern,))), out(2), out(1, 0, 16)
    )
    (match,) = (piece for piece in pieces if piece.cell == 2)
    assert Expressions(pieces, lambda piece: "x").compute(match) == expected


@pytest.mark.parametrize(
    "width, moved, compared",
    [
        (64, "((x & 0x28ull) >> 3)", "u64((x & 0x208ull) == 8ull)"),
        (
            65,
            "(u64(((x >> 3) & 1ull)) | (u64(((x >> 5) & 1ull)) << 2))",
            "u64((u64(((x >> 3) & 1ull)) | (u64(((x >> 9) & 1ull)) << 1)) == 1ull)",
        ),
    ],
)
def test_in_one_word_bits_stay_where_they_are(width, moved, compared):
    total = operator("+", width, out(1, 0, width), out(1, 0, width))
    match_ = c.Matches(1, source, (c.net(2, 3), c.net(2, 9)), ("01",))
    pieces, _live = split_for(circuit(flip_flop(width), total, match_), out(3), out(2, width - 1))
    (match,) = (piece for piece in pieces if piece.cell == 3)
    of_x = Expressions(pieces, lambda piece: "x")
    assert of_x.value((c.net(2, 3), 0, c.net(2, 5))) == moved
    assert of_x.compute(match) == compared


CHAIN = ["a", "(a ^ 1ull) & 0ull", "(a ^ 1ull) & v2", "(a ^ 1ull) & v3"]
CHAIN += ["(a ^ 1ull) & (v2 ^ 1ull) & (v3 ^ 1ull)"]


@pytest.mark.parametrize(
    "enable, texts",
    [
        (1, ["a", *(f"a ? 0ull : {each}" for each in CHAIN[1:])]),
        (c.net(5, 0), [f"v5 ? {each} : 0ull" for each in CHAIN]),
    ],
)
def test_of_a_chain_what_cannot_hold_together_is_not_asked(enable, texts):
    matches = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01")]
    chain = c.Priority(5, source, enable, (c.net(1, 4), 0, c.net(2, 0), c.net(3, 0), 1))
    pieces, _live = split_for(
        circuit(flip_flop(5), *matches, chain, flip_flop(1)), *(out(4, n) for n in range(5)), out(5)
    )
    chains = (piece for piece in pieces if piece.cell == 4)
    of_cells = Expressions(pieces, lambda piece: f"v{piece.cell}")
    told = [of_cells.compute(piece).replace("(v1 >> 4)", "a") for piece in chains]
    assert told == texts


def test_of_a_number_of_a_case_each_bit_is_asked_for():
    tests = [c.Matches(1, source, out(1, 0, 2), (p,)) for p in ("00", "01", "10")]
    table = c.Priority(3, source, 1, out(2) + out(3) + out(4))
    some = (c.net(5, 0), 0, c.net(5, 2))
    design = circuit(flip_flop(2), *tests, table, c.Matches(1, source, some, ("1-0",)))
    pieces, _live = split_for(design, out(6), out(5, 0, 3))
    (match,) = (piece for piece in pieces if piece.cell == 6)
    of_case = Expressions(pieces, lambda piece: "x")
    assert of_case.value(some) == "(u64(x == 0) | (u64(x == 2) << 2))"
    assert of_case.compute(match) == "u64(((u64(x == 0) | (u64(x == 2) << 2)) & 5ull) == 4ull)"


@pytest.mark.parametrize("bit", [0, 63, 64, 127, 128, 190])
def test_a_known_bit_is_one_of_any_wherever_it_is(bit):
    value = (*[0] * bit, 1, *[0] * (190 - bit), *out(1))
    for op in ("b", "r|"):
        pieces, _live = split_for(circuit(flip_flop(1), operator(op, 1, value)), out(2))
        (piece,) = (piece for piece in pieces if piece.cell == 2)
        assert Expressions(pieces, lambda piece: "x").compute(piece) == "(1ull | x) != 0"
