"""Spike's side: the processor of Spike in this process, an instruction at a time.

The Python package `spike` lets one make Spike's machine, step its processor and read and write its
registers. What it does not offer, its memory and its bus, are exported functions of its library.
"""

import ctypes
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hdl.arch import PAGE_SIZE, PMPADDRS, PMPCFGS
from tests import spike
from tests.verify.lockstep.world import RAM, RAM_SIZE

__all__ = [
    "HOST",
    "MTIME",
    "STORE",
    "Commit",
    "Reference",
    "address_of",
    "disassemble",
    "far_devices",
    "library",
    "name_of",
]

_ISA = f"{spike.ISA}_svadu"
_MISALIGNED_ISA = f"{spike.ISA}_zicclsm_svadu"
#: Devices where no random address comes by.
_CLINT, _PLIC = 0xF0_0000_0000_0000, 0xF1_0000_0000_0000
_MSIP, _MTIMECMP, MTIME = _CLINT, _CLINT + 0x4000, _CLINT + 0xBFF8
_NEVER = (1 << 64) - 1
_COMMIT = re.compile(rb"core +0: (\d) 0x(\w+) \(0x(\w+)\)(.*)")
_MEMORY = re.compile(rb" mem 0x(\w+)(?: 0x(\w+))?")
#: Names in `library` of what stores to the bus, and finds the host's address of a physical one.
STORE = "_ZN5sim_t10mmio_storeEmmPKh"
HOST = "_ZN5sim_t11addr_to_memEm"


@dataclass(frozen=True, slots=True)
class Commit:
    """A line of Spike's commit log: an instruction that did not trap.

    `loads` are virtual addresses; `stores` are pairs of one and the bytes.
    """

    mode: int
    pc: int
    insn: int
    loads: tuple[int, ...]
    stores: tuple[tuple[int, bytes], ...]
    text: str


class Reference:
    """A machine of Spike's, with the hart in reset, and the lines that the hart has.

    Parameters
    ----------
    pmp_entries : int
        Entries of physical memory protection, off.
    misaligned : bool
        It does misaligned loads and stores.

    Members
    -------
    pc, mode
        Of the next instruction.
    """

    def __init__(self, *, pmp_entries: int = 0, misaligned: bool = False):
        from riscv.cfg import cfg_t, mem_cfg_t
        from riscv.sim import sim_t

        self.misaligned, self.pmp_entries = misaligned, pmp_entries
        isa = _MISALIGNED_ISA if misaligned else _ISA
        self._log = os.memfd_create("commits")
        config = cfg_t(isa=isa, priv="msu", mem_layout=[mem_cfg_t(RAM, RAM_SIZE)], start_pc=RAM)
        self._machine = sim_t(
            cfg=config,
            halted=False,
            plugin_device_factories=[],
            args=[os.devnull],
            dtb_file=str(far_devices(pmp_entries, isa)),
            log_path=f"/proc/self/fd/{self._log}",
        )
        self._machine.configure_log(False, True)
        self._processor = self._machine.get_core(0)
        self._state = self._processor.state
        self._registers = self._state.XPR
        self._library = library()
        self._address = address_of(self._machine, self._processor)
        self._state.pc = RAM
        if pmp_entries:
            # Spike's first entry lets everything happen after reset.
            self.write_csr(PMPCFGS[0], 0)
            self.write_csr(PMPADDRS[0], 0)
        self._pages: dict[int, int] = {}
        self._levels = dict.fromkeys(("msip", "mtip", "meip", "stip"), False)
        # mtimecmp is 0 after reset, which would be an interrupt; the PLIC passes on source 1.
        self._store(_MTIMECMP, _NEVER, 8)
        self._store(_PLIC + 4, 1, 4)
        self._store(_PLIC + 0x2000, 2, 4)

    def close(self) -> None:
        """Lets go of the log."""
        os.close(self._log)

    @property
    def pc(self) -> int:
        """Address of the next instruction."""
        return self._state.pc

    @property
    def mode(self) -> int:
        """Privilege of the next instruction."""
        return self._state.prv

    def step(self) -> None:
        """Executes one instruction, or takes one trap."""
        self._processor.step(1)

    def read_register(self, number: int) -> int:
        """The value of x`number`."""
        return self._registers[number]

    def write_register(self, number: int, value: int) -> None:
        """Sets x`number`."""
        self._registers.write(number, value)

    def csr(self, address: int) -> int:
        """The value of a CSR."""
        return self._processor.get_csr(address)

    def write_csr(self, address: int, value: int) -> None:
        """Writes a CSR as an instruction would."""
        self._processor.put_csr(address, value)

    def set_line(self, name: str, level: bool) -> None:
        """Drives msip, mtip or meip; or stip, the outcome of comparing time with `stimecmp`.

        Time is 0, or, while mtip or stip is high, as late as can be.
        """
        if self._levels[name] == level:
            return
        self._levels[name] = level
        if name == "msip":
            self._store(_MSIP, level, 4)
        elif name == "mtip":
            self._store(_MTIMECMP, 0 if level else _NEVER, 8)
        elif name == "stip":
            self._store(MTIME, _NEVER - 1 if level else 0, 8)
        else:
            self._machine.plic.set_interrupt_level(1, level)

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes of RAM, inside a page."""
        return ctypes.string_at(self._host(address), count)

    def write(self, address: int, content: bytes) -> None:
        """Puts bytes into RAM."""
        while content:
            count = PAGE_SIZE - address % PAGE_SIZE
            ctypes.memmove(self._host(address), content[:count], len(content[:count]))
            address, content = address + count, content[count:]

    def page_ends(self) -> list[bytes]:
        """The last doubleword of each page of RAM."""
        return [
            self.read(page + PAGE_SIZE - 8, 8) for page in range(RAM, RAM + RAM_SIZE, PAGE_SIZE)
        ]

    def restore_page_ends(self, ends: list[bytes]) -> None:
        """Puts back what `page_ends` has given."""
        for number, content in enumerate(ends, 1):
            self.write(RAM + number * PAGE_SIZE - 8, content)

    def commits(self) -> list[Commit]:
        """The commit log so far."""
        ctypes.CDLL(None).fflush(None)
        log = os.pread(self._log, os.fstat(self._log).st_size, 0)
        return [_commit(line) for line in log.splitlines()]

    def _host(self, address):
        page = address & ~(PAGE_SIZE - 1)
        if page not in self._pages:
            self._pages[page] = self._library[HOST](self._address, page)
        return self._pages[page] + address % PAGE_SIZE

    def _store(self, address, value, size):
        content = value.to_bytes(size, "little")
        assert self._library[STORE](self._address, address, size, content)


def disassemble(word: int) -> str:
    """An instruction as text."""
    disassembler, instruction = _disassembler()
    return disassembler.disassemble(instruction(word))


def name_of(word: int) -> str:
    """The name of an instruction, without operands."""
    disassembler, instruction = _disassembler()
    entry = disassembler.lookup(instruction(word))
    return entry.name if entry else "unknown"


@cache
def _disassembler():
    from riscv.decode import insn_t
    from riscv.disasm import disassembler_t
    from riscv.isa_parser import isa_parser_t

    return disassembler_t(isa_parser_t(_ISA, "msu")), insn_t


def _commit(line):
    mode, pc, insn, rest = _COMMIT.fullmatch(line).groups()
    accesses = _MEMORY.findall(rest)
    return Commit(
        int(mode),
        int(pc, 16),
        int(insn, 16),
        tuple(int(address, 16) for address, content in accesses if not content),
        tuple(
            (int(address, 16), bytes.fromhex(content.decode())[::-1])
            for address, content in accesses
            if content
        ),
        line.decode(),
    )


@cache
def library() -> dict:
    """The functions of libriscv, which the package has loaded for all to see."""
    library, u64, pointer = ctypes.CDLL(None), ctypes.c_uint64, ctypes.c_void_p
    store, host = getattr(library, STORE), getattr(library, HOST)
    store.argtypes, store.restype = (pointer, u64, u64, ctypes.c_char_p), ctypes.c_bool
    host.argtypes, host.restype = (pointer, u64), pointer
    return {STORE: store, HOST: host}


def address_of(machine, processor) -> int:
    """The address of the C++ object that `machine` wraps.

    Only for a processor does the package tell it; that both wrap alike is checked by that.
    """
    from riscv.processor import processor_t

    def wrapped(thing):
        values = ctypes.c_void_p.from_address(id(thing) + 2 * ctypes.sizeof(ctypes.c_void_p))
        return ctypes.c_void_p.from_address(values.value).value

    assert wrapped(processor) == processor_t.addressof(processor)
    return wrapped(machine)


@cache
def far_devices(pmp_entries: int = 0, isa: str = _ISA) -> Path:
    """A device tree as `tests.spike` has it, with CLINT and PLIC far away."""
    text = spike.DEVICE_TREE.replace(
        "reg = <0x0 0x2000000 0x0 0xc0000>;",
        f"reg = <{_CLINT >> 32:#x} 0x0 0x0 0xc0000>;",
    ).replace(
        "    htif {",
        f"""\
    plic {{
        compatible = "riscv,plic0";
        interrupts-extended = <1 11 1 9>;
        reg = <{_PLIC >> 32:#x} 0x0 0x0 0x1000000>;
        riscv,ndev = <31>;
        riscv,max-priority = <15>;
    }};
    htif {{""",
    )
    return spike.device_tree(isa, *spike.protected(pmp_entries, text, "lockstep"))
