"""Which A and D bits the instruction at Spike's pc would set, if it were executed now.

The hart may have set them already when it takes an interrupt before this instruction: "a trap may
occur between the PTE update and the memory access that caused the PTE update". Spike takes
interrupts before both.
"""

import re

from hdl.arch import MENVCFG_ADUE, PAGE_SIZE, PMPADDRS, PMPCFGS, Csr, Mstatus, SatpMode
from tests.verify.golden.pmp import Pmp
from tests.verify.golden.portions import portions
from tests.verify.golden.sv39 import Request as Access
from tests.verify.golden.sv39 import Response, respond
from tests.verify.lockstep.reference import Reference, disassemble
from tests.verify.lockstep.world import RAM, RAM_SIZE

__all__ = ["context_of", "early_updates", "settle"]

_REGISTERS = (
    "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 "
    "t5 t6"
).split()
_OPERAND = re.compile(r"(-?\d*)\((\w+)\)$")
_SIZED = re.compile(r"(?:c\.)?[ls]([bhwd])(?:u|sp)?\s")
_MODES = {0: "U", 1: "S", 3: "M"}


def early_updates(spike: Reference) -> dict[int, int]:
    """The PTEs that its fetch and its access to memory would update: new values by address.

    Those of the second page of a misaligned access are among them, where Spike does such.
    """
    context, updates = context_of(spike), {}

    def access(va, kind):
        return reach(Access(va, kind, **context))

    def reach(request):
        response = settle(spike, request, updates)
        pa = response.pa if response.kind == "ok" else 0
        return pa if RAM <= pa < RAM + RAM_SIZE - PAGE_SIZE else None

    halves = [access(spike.pc + offset, "FETCH") for offset in (0, 2)]
    if halves[0] is None:
        return updates
    word = int.from_bytes(b"".join(spike.read(pa, 2) for pa in halves if pa is not None), "little")
    text = disassemble(word if word & 3 == 3 else word & 0xFFFF)
    if match := _OPERAND.search(text):
        offset, base = match.groups()
        va = spike.read_register(_REGISTERS.index(base)) + int(offset or 0) & (1 << 64) - 1
        size = _size(text) if spike.misaligned else 1
        for part in portions(Access(va, _kind(text), size=size, **context)):
            if reach(part) is None:
                break
    return updates


def settle(spike: Reference, request: Access, updates: dict[int, int] | None = None) -> Response:
    """The golden model's response in Spike's memory once A and D are set, which `updates` holds."""
    updates = {} if updates is None else updates

    def read(address):
        if address in updates:
            return updates[address]
        inside = RAM <= address < RAM + RAM_SIZE
        return int.from_bytes(spike.read(address, 8), "little") if inside else None

    response = respond(request, read)
    if response.kind == "update":
        updates[response.leaf] = response.written
        response = respond(request, read)
    return response


def context_of(spike: Reference) -> dict[str, object]:
    """What a request of the golden model is subject to, as it is in `spike`."""
    status, satp = spike.csr(Csr.MSTATUS), spike.csr(Csr.SATP)
    # Mode 2 is reserved and cannot be in MPP.
    return {
        "priv": _MODES[spike.mode],
        "sv39": satp >> 60 == SatpMode.SV39,
        "root": satp & (1 << 44) - 1,
        "sum_": status >> Mstatus.SUM & 1,
        "mxr": status >> Mstatus.MXR & 1,
        "adue": spike.csr(Csr.MENVCFG) >> MENVCFG_ADUE & 1,
        "mprv": status >> Mstatus.MPRV & 1,
        "mpp": _MODES[status >> Mstatus.MPP & 3],
        "pmp": _protection(spike),
    }


def _protection(spike):
    count = spike.pmp_entries
    configs = [spike.csr(PMPCFGS[n // 8]) >> 8 * (n % 8) & 0xFF for n in range(count)]
    return Pmp(count, configs, [spike.csr(PMPADDRS[n]) for n in range(count)])


def _size(text):
    """Bytes of a load or store; 1 for an atomic, which is no matter of portions."""
    match = _SIZED.match(text)
    return 1 << "bhwd".index(match[1]) if match else 1


def _kind(text):
    name = text.split()[0].removeprefix("c.")
    for prefix, kind in (("lr.", "LR"), ("sc.", "SC"), ("amo", "AMO"), ("s", "STORE")):
        if name.startswith(prefix):
            return kind
    return "LOAD"
