"""The CSRs of the hart as data: their fields, and what a write of each does.

Privileged specification, chapters "Machine-Level ISA" and "Supervisor-Level ISA", section "CSR
Listing"; Zicntr, Zihpm and Sstc. The terms are those of its section "CSR Field Specifications".
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Any

from amaranth.hdl import Mux, Value, ValueLike

from hdl.arch import (
    ASID_BITS,
    HPMCOUNTERS,
    MENVCFG_ADUE,
    MENVCFG_FIOM,
    MENVCFG_STCE,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PMPADDRS,
    PMPCFGS,
    PPN_BITS,
    Cause,
    Csr,
    Mstatus,
    Priv,
    SatpMode,
)
from hdl.events import Event

__all__ = [
    "COUNTEREN_MASK",
    "MEDELEG_MASK",
    "MONITORS",
    "PROTECTION",
    "REGISTERS",
    "Action",
    "Block",
    "Field",
    "Register",
    "State",
]

#: Causes that can occur and be delegated: bits of `medeleg`. That of an `ecall` from M-mode is
#: read-only 0 (privileged specification 3.1.8), and with compressed instructions no fetch is
#: misaligned.
MEDELEG_MASK = sum(
    1 << cause for cause in Cause if cause not in (Cause.ECALL_M, Cause.FETCH_MISALIGNED)
)
#: RV64 with the extensions A, C, I, M, and S and U mode.
MISA = 2 << 62 | sum(1 << (ord(letter) - ord("A")) for letter in "ACIMSU")
#: The counters that can be gated and inhibited, also those that always read 0; TM cannot be
#: inhibited.
COUNTEREN_MASK = 0xFFFF_FFFF
COUNTINHIBIT_MASK = COUNTEREN_MASK & ~0b10


class Action(Enum):
    """What a write does to a field. Bits in no field are WPRI: they read 0."""

    #: Every value is legal, and held.
    ANY = auto()
    #: Write any values, read legal ones.
    WARL = auto()
    #: Writes change nothing.
    READ_ONLY = auto()


class State(Enum):
    """Where the value of a register is."""

    #: In one signal of the register's name.
    WHOLE = auto()
    #: In a signal for each field, of the register's and the field's name.
    FIELDS = auto()
    #: In the fields of another register that have the same names.
    VIEW = auto()
    #: In the interrupt unit, which carries out writes, too.
    INTERRUPTS = auto()
    #: Elsewhere; or nowhere, for all its fields are constants.
    SHOWN = auto()


@dataclass(frozen=True)
class Field:
    """Bits `high` to `low` of a register.

    Of those only `mask`, counted from `low`, can be other than 0. `legal` makes a legal value of
    what is written; `value` is that of a constant. A field of a code has its `shape`. `note` goes
    into the documentation.
    """

    name: str
    high: int
    low: int
    action: Action = Action.ANY
    mask: int = -1
    legal: Callable[[Value], ValueLike] | None = None
    value: int = 0
    shape: type[IntEnum] | None = None
    note: str = ""

    @property
    def width(self) -> int:
        """How many bits it has."""
        return self.high - self.low + 1

    @property
    def bits(self) -> int:
        """The bits of the register that a write can set."""
        writable = 0 if self.action is Action.READ_ONLY else (1 << self.width) - 1 & self.mask
        return writable << self.low


@dataclass(frozen=True)
class Register:
    """A CSR. A write that `accepts` refuses has no effect at all."""

    csr: Csr
    meaning: str
    state: State
    fields: tuple[Field, ...]
    of: Csr | None = None
    accepts: Callable[[Value], Value] | None = None

    @property
    def bits(self) -> int:
        """The bits that a write can set."""
        return sum(field.bits for field in self.fields)


@dataclass(frozen=True)
class Block:
    """CSRs that are alike, called `name` and one of `numbers`."""

    name: str
    numbers: range
    addresses: range
    meaning: str
    fields: tuple[Field, ...]


def _mode(data: Value) -> Value:
    return Mux(data == 2, Priv.U, data)


def _supported(data: Value) -> Value:
    return (data[60:] == SatpMode.BARE) | (data[60:] == SatpMode.SV39)


def _status(name: str, width: int = 1, action: Action = Action.ANY, **parameters: Any) -> Field:
    low = Mstatus[name]
    return Field(name, low + width - 1, low, action, **parameters)


ANY, WARL, READ_ONLY = Action.ANY, Action.WARL, Action.READ_ONLY
WHOLE, FIELDS, VIEW = State.WHOLE, State.FIELDS, State.VIEW
INTERRUPTS, SHOWN = State.INTERRUPTS, State.SHOWN

_UXL = _status("UXL", 2, READ_ONLY, value=2, note="64 bits")
_SSTATUS = tuple(map(_status, ("SIE", "SPIE", "SPP", "SUM", "MXR")))
_MSTATUS = (
    *map(_status, ("SIE", "MIE", "SPIE", "MPIE", "SPP")),
    _status("MPP", 2, WARL, legal=_mode, shape=Priv, note="2 becomes 0"),
    *map(_status, ("MPRV", "SUM", "MXR", "TVM", "TW", "TSR")),
    _UXL,
    _status("SXL", 2, READ_ONLY, value=2, note="64 bits"),
)
_FIOM = Field("FIOM", MENVCFG_FIOM, MENVCFG_FIOM)
_TVEC = (
    Field("BASE", 63, 2),
    Field("MODE", 1, 0, WARL, mask=0b01, note="0 direct, 1 vectored; bit 1 is 0"),
)
_SATP = (
    Field("MODE", 63, 60, WARL, note="0 Bare, 8 Sv39; a write with another changes nothing"),
    Field("ASID", PPN_BITS + ASID_BITS - 1, PPN_BITS),
    Field("PPN", PPN_BITS - 1, 0),
)
_MENVCFG = (
    Field("STCE", MENVCFG_STCE, MENVCFG_STCE),
    Field("ADUE", MENVCFG_ADUE, MENVCFG_ADUE),
    _FIOM,
)
_ALL = (Field("", 63, 0),)
# IALIGN is 16 with C: only bit 0 of an xepc is always 0.
_EPC = (Field("", 63, 0, WARL, mask=~1, note="bit 0 is 0"),)
_COUNTERS = (Field("HPM31 to HPM3, IR, TM, CY", 31, 0),)
_INHIBITED = (
    Field("HPM31 to HPM3, IR, CY", 31, 0, WARL, mask=COUNTINHIBIT_MASK, note="bit 1 is 0"),
)
_DELEGABLE = (Field("", 63, 0, WARL, mask=MEDELEG_MASK, note="causes 1 to 9, 12, 13 and 15"),)
_SHOWN = (Field("", 63, 0, READ_ONLY),)
# "A value of 0 can be returned to indicate that the field is not implemented."
_ABSENT = (Field("", 63, 0, READ_ONLY, note="0: not implemented"),)
_MIP = "SEIP, STIP, SSIP; STIP not with STCE; the others are lines"
_SUPERVISOR = "what `mideleg` delegates"


def _interrupts(note: str) -> tuple[Field, ...]:
    return (Field("", 11, 0, WARL, note=note),)


#: All of them, in the order of the specification's listing.
REGISTERS = (
    Register(Csr.CYCLE, "cycle counter", SHOWN, _SHOWN),
    Register(Csr.TIME, "timer", SHOWN, _SHOWN),
    Register(Csr.INSTRET, "counter of retired instructions", SHOWN, _SHOWN),
    Register(Csr.SSTATUS, "supervisor status", VIEW, (*_SSTATUS, _UXL), of=Csr.MSTATUS),
    Register(Csr.SIE, "supervisor interrupt-enable", INTERRUPTS, _interrupts(_SUPERVISOR)),
    Register(Csr.STVEC, "supervisor trap handler base address", WHOLE, _TVEC),
    Register(Csr.SCOUNTEREN, "supervisor counter enable", WHOLE, _COUNTERS),
    Register(Csr.SENVCFG, "supervisor environment configuration", FIELDS, (_FIOM,)),
    Register(Csr.SSCRATCH, "supervisor scratch", WHOLE, _ALL),
    Register(Csr.SEPC, "supervisor exception program counter", WHOLE, _EPC),
    Register(Csr.SCAUSE, "supervisor trap cause", WHOLE, _ALL),
    Register(Csr.STVAL, "supervisor trap value", WHOLE, _ALL),
    Register(
        Csr.SIP, "supervisor interrupt pending", INTERRUPTS, _interrupts("SSIP, if it is delegated")
    ),
    Register(Csr.STIMECMP, "supervisor timer compare", WHOLE, _ALL),
    Register(
        Csr.SATP, "supervisor address translation and protection", WHOLE, _SATP, accepts=_supported
    ),
    Register(Csr.MVENDORID, "vendor", SHOWN, _ABSENT),
    Register(Csr.MARCHID, "architecture", SHOWN, _ABSENT),
    Register(Csr.MIMPID, "implementation", SHOWN, _ABSENT),
    Register(Csr.MHARTID, "hart", SHOWN, _SHOWN),
    # "The register must be implemented, but it may be zero to indicate the configuration data
    # structure does not exist."
    Register(Csr.MCONFIGPTR, "configuration data structure", SHOWN, _ABSENT),
    Register(Csr.MSTATUS, "machine status", FIELDS, _MSTATUS),
    Register(
        Csr.MISA,
        "ISA and extensions",
        SHOWN,
        (Field("", 63, 0, READ_ONLY, value=MISA, note="RV64ACIMSU"),),
    ),
    Register(Csr.MEDELEG, "machine exception delegation", WHOLE, _DELEGABLE),
    Register(Csr.MIDELEG, "machine interrupt delegation", INTERRUPTS, _interrupts("SEI, STI, SSI")),
    Register(
        Csr.MIE, "machine interrupt-enable", INTERRUPTS, _interrupts("MEI, SEI, MTI, STI, MSI, SSI")
    ),
    Register(Csr.MTVEC, "machine trap handler base address", WHOLE, _TVEC),
    Register(Csr.MCOUNTEREN, "machine counter enable", WHOLE, _COUNTERS),
    Register(Csr.MENVCFG, "machine environment configuration", FIELDS, _MENVCFG),
    Register(Csr.MCOUNTINHIBIT, "machine counter-inhibit", WHOLE, _INHIBITED),
    Register(Csr.MSCRATCH, "machine scratch", WHOLE, _ALL),
    Register(Csr.MEPC, "machine exception program counter", WHOLE, _EPC),
    Register(Csr.MCAUSE, "machine trap cause", WHOLE, _ALL),
    Register(Csr.MTVAL, "machine trap value", WHOLE, _ALL),
    Register(Csr.MIP, "machine interrupt pending", INTERRUPTS, _interrupts(_MIP)),
    Register(Csr.MCYCLE, "machine cycle counter", WHOLE, _ALL),
    Register(Csr.MINSTRET, "machine counter of retired instructions", WHOLE, _ALL),
)
_EVENTS = range(3, 32)
#: The hardware performance monitor, in `hdl.priv.monitors`; how many of its counters are there is a
#: parameter of the hart.
MONITORS = (
    Block("hpmcounter", _EVENTS, HPMCOUNTERS, "event counter", _SHOWN),
    Block(
        "mhpmevent",
        _EVENTS,
        MHPMEVENTS,
        "events that are counted",
        (Field("", len(Event) - 1, 0, WARL, note="a bit for each event; 0 where no counter is"),),
    ),
    Block(
        "mhpmcounter",
        _EVENTS,
        MHPMCOUNTERS,
        "machine event counter",
        (Field("", 63, 0, WARL, note="0 where none is"),),
    ),
)

_ENTRIES = "a byte for each entry: L 7, A 4:3, X 2, W 1, R 0; W without R becomes 0"
#: Physical memory protection, in `hdl.priv.pmp`; how many of its entries are there is a parameter
#: of the hart.
PROTECTION = (
    Block(
        "pmpcfg",
        range(0, 4, 2),
        PMPCFGS,
        "memory protection configuration",
        (Field("", 63, 0, WARL, note=_ENTRIES),),
    ),
    Block(
        "pmpaddr",
        range(16),
        PMPADDRS,
        "memory protection address",
        (Field("", 53, 0, WARL, note="bits 55:2 of an address"),),
    ),
)
