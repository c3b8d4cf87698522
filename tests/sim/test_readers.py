"""Waveforms of the real hart, read by readers that are not ours: pyvcd's and wellen."""

import pytest
import pywellen
from vcd.reader import TokenKind, tokenize

from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from tests.gtkwave import require
from tests.sim.recorded import FAULT, WINDOW, Rows

SCAUSE = "bench.top.trap.csrs.scause"
PRIV = "bench.top.priv"
#: When the fault is taken.
TAKEN = FAULT[0] + 4
#: What two rows of words say from the cycle before the look-up on; then the trap is taken.
PHASES = {
    "phase": ["user", "walk", "walk", "raise", "raise", "trap entry"],
    "walker": [
        "",
        "L0: walk of 0x4ff8 begins, the table known from the walk cache",
        "L0 V = 0: not valid, PTE 0x0",
        "page fault",
        "page fault",
        "",
    ],
}


@pytest.fixture(scope="module")
def waveform(tmp_path_factory):
    """Writes a waveform of the cycles in which `lazy` takes its first fault."""
    folder = tmp_path_factory.mktemp("waves")

    def run(name, *options):
        path = folder / name
        if not path.exists():
            options = ["--quiet", "--vcd", str(path), "--max-cycles", str(FAULT[0] + 24), *options]
            assert cli.main(["run", *options, "--vcd-window", WINDOW, "lazy"]) == 124
        return path

    return run


@pytest.fixture(params=["native", "pysim"])
def vcd(request, waveform):
    return waveform(f"{request.param}.vcd", "--engine", request.param)


def test_pyvcd_reads_the_vcd(vcd):
    scopes, names, values, texts, now = [], {}, {}, {}, None
    with vcd.open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR:
                names[".".join([*scopes, token.var.reference])] = token.var.id_code
            elif token.kind is TokenKind.CHANGE_TIME:
                now = token.time_change
            elif token.kind is TokenKind.CHANGE_VECTOR:
                values[now, token.vector_change.id_code] = token.vector_change.value
            elif token.kind is TokenKind.CHANGE_STRING:
                texts[now, token.string_change.id_code] = token.string_change.value

    assert len(names) > 2000
    assert values[TAKEN * CYCLE_FS, names[SCAUSE]] == 13
    assert texts[TAKEN * CYCLE_FS, names["story.scause"]] == r"load\x20page\x20fault"


def test_wellen_reads_the_vcd(vcd):
    check_wellen(vcd)


def test_wellen_reads_the_fst(waveform):
    require()
    check_wellen(waveform("native.fst"))


def check_wellen(path):
    variables = {
        variable.full_name: variable for variable in pywellen.Waveform(str(path)).all_vars()
    }

    assert len(variables) > 2000
    values = [
        variables[name].signal.value_at(cycle * CYCLE_FS)
        for name in (SCAUSE, PRIV)
        for cycle in (TAKEN - 1, TAKEN)
    ]
    assert values == [8, 13, "U", "S"]
    words = {name: variables[f"story.{name}"].signal for name in PHASES}
    told = {
        name: [signal.value_at(cycle * CYCLE_FS) for cycle in range(FAULT[0] - 1, TAKEN + 1)]
        for name, signal in words.items()
    }
    assert told == PHASES


def test_an_fst_says_the_same_as_the_vcd(waveform):
    require()
    vcd, fst = (Rows(waveform(f"native.{kind}")) for kind in ("vcd", "fst"))

    cycles = range(FAULT[0] - 6, FAULT[0] + 14)
    assert len(vcd.names) > 20
    assert fst.all(cycles) == vcd.all(cycles)


def test_no_name_begins_with_a_dollar(vcd):
    """A keyword does: pyvcd's reader, for one, refuses such a file."""
    with vcd.open() as file:
        words = [line.split() for line in file if line.startswith(("$scope", "$var"))]
    names = [line[2 if line[0] == "$scope" else 4] for line in words]

    assert len(names) > 2000
    assert [name for name in names if name.startswith("$")] == []
