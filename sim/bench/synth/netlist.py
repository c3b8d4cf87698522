"""A netlist of Yosys or nextpnr: which signal of Amaranth a wire is, and how deep it lies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Netlist", "Place", "Routed"]

#: Where a signal is declared: path under the project, and line; as `hdl/mmu/tlb.py:91`.
Place = str

#: Cells that keep what they are given until the next clock edge.
_REGISTERS = ("TRELLIS_FF", "$_DFF", "$_SDFF", "$_DFFE", "$_SDFFE", "$_SDFFCE", "$dff", "$sdff")
#: What Yosys puts behind the name of a wire to call a cell that reads or drives it.
_CALLED_AFTER = re.compile(r"_(?:LUT4|PFUMX|L6MUX21|CCU2C|TRELLIS_[A-Z0-9]+)_")
_ROOT = Path(__file__).resolve().parents[3]


class Netlist:
    """The one module that Yosys's `write_json` has written."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        module = _top(content)
        self._cells: Mapping[str, Any] = module["cells"]
        self._bits: dict[str, Sequence[int]] = {}
        self._signals: dict[int, tuple[str, Place]] = {}
        for name, wire in module["netnames"].items():
            self._bits[name] = wire["bits"]
            place = _place(wire["attributes"].get("src", ""))
            if place is None:
                continue
            for bit in wire["bits"]:
                known = self._signals.get(bit)
                if known is None or len(name) < len(known[0]):
                    self._signals[bit] = (name, place)

    def signal(self, wire: str) -> tuple[str, Place] | None:
        """Of a bit, as `name` or `name[3]`, the signal of Amaranth, and where it is declared.

        None if it is none; most wires are Yosys's own.
        """
        name, _, index = wire.removesuffix("]").rpartition("[")
        if name in self._bits:
            return self._signals.get(self._bits[name][int(index)])
        return self._signals.get(self._bits[wire][0]) if wire in self._bits else None

    def count(self, kind: str) -> int:
        """How many cells there are of type `kind`."""
        return sum(cell["type"] == kind for cell in self._cells.values())

    def depth(self, sources: Iterable[str], sinks: Iterable[str]) -> int:
        """Cells on the longest way from wires `sources` to wires `sinks`, through no register.

        Both are names of wires, all of whose bits count. Raises KeyError if there is none of that
        name, and ValueError if no way leads from the ones to the others.
        """
        begins = {bit for name in sources for bit in self._bits[name]}
        inputs = self._inputs()
        levels: dict[int, int | None] = dict.fromkeys(begins, 0)
        ends = [bit for name in sinks for bit in self._bits[name]]
        found = [level for bit in ends if (level := _level(bit, inputs, levels)) is not None]
        if not found:
            raise ValueError("no way leads there")
        return max(found)

    def _inputs(self) -> dict[int, list[int]]:
        """Of each wire that a cell drives combinationally, the wires that the cell reads."""
        inputs: dict[int, list[int]] = {}
        for cell in self._cells.values():
            if cell["type"].startswith(_REGISTERS):
                continue
            directions = cell["port_directions"]
            read = [
                bit
                for port, bits in cell["connections"].items()
                if directions[port] == "input"
                for bit in bits
            ]
            for port, bits in cell["connections"].items():
                if directions[port] == "output":
                    inputs |= {bit: read for bit in bits}
        return inputs


class Routed:
    """What nextpnr's `--write` has written, with the netlist that it was made from."""

    def __init__(self, content: Mapping[str, Any], netlist: Netlist) -> None:
        module = _top(content)
        self._cells: Mapping[str, Any] = module["cells"]
        self._wires = {wire["bits"][0]: name for name, wire in module["netnames"].items()}
        self._netlist = netlist

    def signal(self, cell: str, port: str) -> tuple[str, Place] | None:
        """The signal of Amaranth at output `port` of `cell`, and where it is declared.

        If Amaranth knows none there, the one after which Yosys has called the cell: the nearest. Or
        None.
        """
        bits = self._cells[cell]["connections"].get(port) if cell in self._cells else None
        known = self._netlist.signal(self._wires[bits[0]]) if bits else None
        return known or self._netlist.signal(_CALLED_AFTER.split(cell)[0])


def _top(content: Mapping[str, Any]) -> Mapping[str, Any]:
    (module,) = (each for each in content["modules"].values() if "top" in each["attributes"])
    top: Mapping[str, Any] = module
    return top


def _level(bit: int, inputs: Mapping[int, list[int]], levels: dict[int, int | None]) -> int | None:
    """Cells before `bit`, None if no source is; `levels` are those that are known."""
    open_bits = [bit]
    while open_bits:
        last = open_bits[-1]
        before = inputs.get(last, [])
        missing = [each for each in before if each not in levels]
        if missing and last not in levels:
            open_bits += missing
            continue
        open_bits.pop()
        known = [level for each in before if (level := levels[each]) is not None]
        levels.setdefault(last, 1 + max(known) if known else None)
    return levels[bit]


def _place(source: str) -> Place | None:
    """The last line of Python of an attribute `src`, which Yosys joins by bars."""
    for part in reversed(source.split("|")):
        path, _, line = part.partition(":")
        if path.endswith(".py") and Path(path).is_relative_to(_ROOT):
            return f"{Path(path).relative_to(_ROOT)}:{line}"
    return None
