"""The kinds of random blocks. Each function adds one block's items to a `Maker`."""

from hdl.arch import PAGE_SIZE, Cause, Csr, Mstatus
from tests.verify.lockstep import encode
from tests.verify.lockstep.csr_blocks import counters, registers
from tests.verify.lockstep.edit_blocks import edit
from tests.verify.lockstep.encode import amo, csr, fill, i_type, li, r_type, s_type, sfence
from tests.verify.lockstep.handlers import DONE, LOOP
from tests.verify.lockstep.maker import FREE, NEXT_BLOCK, POINTERS, TEMPORARY, Maker
from tests.verify.lockstep.world import (
    CODE,
    DATA,
    DATA_PAGES,
    IDENTITY,
    RAM,
    RAM_SIZE,
    VIEWS,
    ZOO,
    satps,
)

__all__ = [
    "INTERRUPTS", "KINDS", "WHOLE", "borrow", "change_mode", "finish", "memory", "status_bits",
]  # fmt: skip

_T0, _T1, _T2 = TEMPORARY
_ECALL, _EBREAK, _SRET, _MRET, _WFI = 0x73, 0x10_0073, 0x1020_0073, 0x3020_0073, 0x1050_0073
_FENCE_I, _C_EBREAK, _C_J = 0x100F, 0x9002, 0xA001
#: fence, fence.tso, pause, and one with nothing to order.
_FENCES = (0x0FF0_000F, 0x8330_000F, 0x0100_000F, 0x0000_000F)
#: Cycles after which a `wfi` has begun.
_LATE = (100, 200)
#: Bits of `mie` and `mip`.
INTERRUPTS = 0xAAA

#: Encodings without meaning, or of floating point: see `encode.fill`.
_ILLEGAL = (
    "001iiiPPPiiSSS00",
    "101iiiPPPiiSSS00",
    "001iiiiiiiiiii10",
    "100iiiiiiiiiii00",
    "1001111iii1iii01",
    "0000000000000000",
    "0010000000iiii01",
    "0110001010000001",
    "0100000000iiii10",
)
_OPCODES = (0x33, 0x3B, 0x13, 0x1B, 0x0F, 0x2F, 0x03, 0x23, 0x07, 0x27, 0x53, 0x43, 0x57, 0x0B,
            0x2B, 0x5B, 0x7B)  # fmt: skip


def compute(m: Maker) -> None:
    """Computes."""
    for _ in range(m.random.randrange(3, 14)):
        m.compute()


def memory(m: Maker) -> None:
    """Loads, stores and atomics."""
    random = m.random
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        m.aim(random.choice(POINTERS))
    for _ in range(random.randrange(2, 10)):
        m.access() if random.random() < 0.7 else m.compute()


def branches(m: Maker) -> None:
    """Forward jumps and branches inside the block."""
    random = m.random
    for _ in range(random.randrange(1, 5)):
        for _ in range(random.randrange(3)):
            m.compute()
        target = m.number + 1 + random.randrange(1, 8)
        kind = random.random()
        if kind < 0.5:
            word = encode.branch(random.choice(encode.BRANCHES), m.source(), m.source(), 0)
            m.put(word, fix="branch", target=target)
        elif kind < 0.8:
            pattern = random.choice(("110000SSS0000001", "111000SSS0000001"))
            word = fill(pattern, {"S": random.randrange(8)}, 0)
            m.put(word, size=2, fix="c.branch", target=target)
        elif kind < 0.9:
            m.put(_C_J, size=2, fix="c.j", target=target)
        else:
            m.put(encode.jal(m.dest(), 0), fix="jal", target=target)
    for _ in range(random.randrange(5)):
        m.compute()


def loop(m: Maker) -> None:
    """Some instructions a few times, so that fetches are predicted."""
    random = m.random
    m.put(*li(LOOP, random.randrange(2, 8)))
    start = m.number + 1
    for _ in range(random.randrange(1, 6)):
        m.compute() if random.random() < 0.7 else m.access()
    _repeat(m, start)


def _repeat(m, start):
    m.put(i_type(0x13, 0, LOOP, LOOP, -1))
    # Not until it is 0: it may have been 0 already.
    m.put(encode.branch(4, 0, LOOP, 0), fix="branch", target=start)


def jump(m: Maker) -> None:
    """An indirect jump to the next block, or astray."""
    random = m.random
    register = random.choice((1, 5, 10, 15))
    if random.random() < 0.75:
        m.locate(register, NEXT_BLOCK, random.choice(VIEWS[m.mode]))
    else:
        base, distance = random.choice(ZOO)
        stray = (
            base + random.randrange(16) * distance,
            1 << 38,
            (1 << 64) - 2,
            1 << 56,
            RAM + RAM_SIZE,
            CODE ^ 1 << random.randrange(38, 64),
            0x4000_0000,
        )
        m.put(*li(register, random.choice(stray)))
        m.mode = 1
    if random.random() < 0.5:
        m.put(i_type(0x67, 0, m.dest(), register, random.random() < 0.2))
    else:
        pattern = random.choice(("1000ddddd0000010", "1001ddddd0000010"))
        m.put(fill(pattern, {"d": register}, 0), size=2)


def change_mode(m: Maker) -> None:
    """`mret` or `sret` to the next block, in a random mode; from U-mode, an exception."""
    random = m.random
    if m.mode == 0:
        call(m)
        return
    machine = m.mode == 3 and random.random() < 0.8
    target = random.choice((0, 0, 1, 1, 3) if machine else (0, 1))
    view = random.choice(VIEWS[target if random.random() < 0.95 else random.choice((0, 1))])
    status, previous = (Csr.MSTATUS, Mstatus.MPP) if machine else (Csr.SSTATUS, Mstatus.SPP)
    m.locate(_T0, NEXT_BLOCK, view)
    m.put(csr(1, 0, Csr.MEPC if machine else Csr.SEPC, _T0))
    m.put(*li(_T1, (3 if machine else 1) << previous), csr(3, 0, status, _T1))
    bits = status_bits(m) | (random.random() < 0.08) << Mstatus.MPRV
    m.put(*li(_T1, target << previous | bits), csr(2, 0, status, _T1))
    m.put(_MRET if machine else _SRET)
    m.mode = target


def status_bits(m: Maker) -> int:
    """Some bits of `mstatus`; rarely those that forbid S-mode something."""
    often = ("SIE", "SPIE", "MPIE", "SUM", "MXR")
    bits = sum(1 << Mstatus[name] for name in often if m.random.random() < 0.4)
    return bits | sum(1 << Mstatus[n] for n in ("TVM", "TW", "TSR") if m.random.random() < 0.08)


def status(m: Maker) -> None:
    """Sets or clears what acts on the very next instruction, which accesses memory."""
    random = m.random
    if m.mode == 0:
        memory(m)
        return
    address = Csr.SSTATUS if m.mode == 1 or random.random() < 0.3 else Csr.MSTATUS
    names = ("SUM", "SUM", "MXR", "MXR", "SIE", "SPIE", "MPIE", "SPP", "TVM", "TW", "TSR")
    for _ in range(random.randrange(1, 4)):
        bits = 1 << Mstatus[random.choice(names)] | 1 << Mstatus[random.choice(names)]
        m.put(*li(_T0, bits), csr(random.choice((2, 3, 3)), m.dest(), address, _T0))
        m.access()


def borrow(m: Maker) -> None:
    """M-mode accesses memory with another privilege: MPRV."""
    random = m.random
    if m.mode != 3:
        memory(m)
        return
    m.borrowed = random.choice((0, 1, 1))
    m.put(*li(_T0, 3 << Mstatus.MPP), csr(3, 0, Csr.MSTATUS, _T0))
    for register in random.sample(POINTERS, 3):
        m.aim(register)
    bits = 1 << Mstatus.MPRV | m.borrowed << Mstatus.MPP | status_bits(m)
    m.put(*li(_T1, bits), csr(2, 0, Csr.MSTATUS, _T1))
    for _ in range(random.randrange(1, 7)):
        m.access() if random.random() < 0.8 else m.compute()
    m.put(*li(_T1, 1 << Mstatus.MPRV), csr(3, 0, Csr.MSTATUS, _T1))
    m.borrowed = None


def reserve(m: Maker) -> None:
    """A trap between LR and SC: an interrupt, or an exception, and then SC is in the next block."""
    random = m.random
    pointer, size = random.choice(POINTERS), m.reserving()
    view = IDENTITY if m.mode and random.random() < 0.5 else random.choice(VIEWS[m.mode])
    m.put(*li(pointer, view + DATA - RAM + random.randrange(0, DATA_PAGES * PAGE_SIZE, 8)))
    load = amo(2, size, m.dest(), pointer, 0, random.randrange(4))
    store = amo(3, size, m.dest(), pointer, m.source(), random.randrange(4))
    # Which the mode, and it alone, takes when software makes them pending.
    numbers = [n for n in (1, 9) if m.mode == 3 and not m.mideleg >> n & 1]
    numbers += [1] if m.mode == 1 and m.mideleg >> 1 & 1 else []
    if numbers and random.random() < 0.6:
        _reserve_interrupted(m, load, 1 << random.choice(numbers))
        m.put(store)
        return
    m.put(load)
    for _ in range(random.randrange(3)):
        m.compute()
    _exception(m, pointer)
    m.later = (store,)


def _reserve_interrupted(m, load, interrupt):
    """LR, and the interrupt with the mask `interrupt` behind it."""
    status, enable, pending, bit = (
        (Csr.MSTATUS, Csr.MIE, Csr.MIP, 8) if m.mode == 3 else (Csr.SSTATUS, Csr.SIE, Csr.SIP, 2)
    )
    m.put(csr(7, 0, status, bit), *li(_T0, interrupt))
    m.put(csr(2, 0, enable, _T0), csr(2, 0, pending, _T0), load, csr(6, 0, status, bit))
    for _ in range(m.random.randrange(3)):
        m.compute()


def _exception(m, pointer):
    """An instruction that raises an exception and leaves the mode as it is."""
    dest, null = m.dest(), 0
    words = (
        _EBREAK,
        csr(1, 0, Csr.MHARTID, 0),
        i_type(0x03, 3, dest, null, 0),
        s_type(3, null, pointer, 0),
        i_type(0x03, 3, dest, pointer, 1),
        amo(0, 3, dest, null, pointer),
        amo(3, 3, dest, null, 0),
        *([_ECALL] if m.mode == 3 else []),
    )
    m.put(m.random.choice(words))


def call(m: Maker) -> None:
    """A call, a breakpoint, or what is no instruction."""
    random = m.random
    kind = random.random()
    if kind < (0.6 if m.mode == 0 else 0.45):
        m.put(_ECALL)
        if m.mode == 0 and m.medeleg >> Cause.ECALL_U & 1:
            m.mode = 1
        else:
            m.mode = 3
    elif kind < 0.6:
        m.put(_EBREAK)
    elif kind < 0.7:
        m.put(_C_EBREAK, size=2)
    elif kind < 0.75:
        # funct3 0 or 4: no CSR instruction.
        m.put(random.getrandbits(32) & 0xFFFF_8F80 | random.choice((0, 0x4000)) | 0x73)
    elif kind < 0.88:
        # Mostly reserved; what is not may write `dest` and access memory at a pointer.
        # An atomic under memory protection might be an `sc.d`, see `Maker.grain`.
        opcodes = [opcode for opcode in _OPCODES if opcode != 0x2F or not m.protected]
        word = random.getrandbits(32) & 0xFFF0_7000 | m.dest() << 7 | random.choice(opcodes)
        m.put(word | random.choice(POINTERS) << 15)
    else:
        fields = {"P": 0, "S": random.randrange(8)}
        m.put(fill(random.choice(_ILLEGAL), fields, random.getrandbits(16)), size=2)


def page_table(m: Maker) -> None:
    """Another page table or address space, or none; without a fence, since ASIDs differ."""
    random = m.random
    if m.mode == 0:
        call(m)
        return
    m.root = random.randrange(2)
    values = satps(m.root)
    if random.random() < (0.3 if m.mode == 3 else 0.03):
        values.append(0)
    m.put(*li(_T0, random.choice(values)), csr(1, m.dest(), Csr.SATP, _T0))


def fences(m: Maker) -> None:
    """Fences of every kind, also where there is nothing to fence."""
    random = m.random
    for _ in range(random.randrange(1, 4)):
        kind = random.random()
        if kind < 0.5:
            address = random.choice((0, random.choice(POINTERS), m.source()))
            m.put(sfence(address, random.choice((0, m.source()))))
        else:
            m.put(_FENCE_I if kind < 0.7 else random.choice(_FENCES))
        m.access()


def rewrite(m: Maker) -> None:
    """Stores an instruction, then executes it behind a `fence.i`, perhaps the old one before."""
    random = m.random
    before = random.random() < 0.5
    opcode, funct3, funct7 = random.choice(encode.ALU)
    word = r_type(opcode, funct3, funct7, random.choice(FREE), m.source(), m.source())
    view = random.choice(VIEWS[m.mode])
    m.put(*li(LOOP, 2))
    # `locate` has three items besides its constants; the store and the fence five.
    length = 3 + len(li(0, view)) + len(li(0, word)) + 5
    start = m.number + 1
    slot = start if before else start + length - 1
    if before:
        _slot(m)
    m.locate(_T0, slot, view)
    m.put(*li(_T1, word), s_type(1, _T0, _T1, 0), i_type(0x13, 5, _T1, _T1, 16))
    m.put(s_type(1, _T0, _T1, 2), _FENCE_I)
    if not before:
        assert m.number + 1 == slot
        _slot(m)
    _repeat(m, start)


def _slot(m):
    """An instruction of four bytes that can be replaced."""
    m.put(i_type(0x13, 0, m.random.choice(FREE), m.source(), 1))


def interrupt(m: Maker) -> None:
    """Makes interrupts possible, or pending, or waits for one."""
    random = m.random
    if m.mode == 0:
        memory(m)
        return
    global_, enable, pending = (
        (Csr.MSTATUS, Csr.MIE, Csr.MIP) if m.mode == 3 else (Csr.SSTATUS, Csr.SIE, Csr.SIP)
    )
    mask = random.choice((INTERRUPTS, random.getrandbits(12), 1 << 1, 1 << 5))
    m.put(*li(_T0, mask), csr(2, m.dest(), enable, _T0))
    for _ in range(random.randrange(1, 4)):
        kind = random.random()
        if kind < 0.35:
            m.put(csr(6, m.dest(), global_, random.choice((2, 8, 10))))
        elif kind < 0.65:
            m.put(*li(_T0, random.choice((2, 0x20, 0x200, 0x222, random.getrandbits(12)))))
            m.put(csr(random.choice((2, 2, 1, 3)), m.dest(), pending, _T0))
        else:
            _deadline(m)
        m.compute()
    if random.random() < 0.25:
        _wait(m)
    for _ in range(random.randrange(4)):
        m.compute()


def _deadline(m, cycles=(1, 10, 40, 100, 300, 1000)):
    """A timer interrupt in a while."""
    m.put(csr(2, _T0, Csr.TIME, 0))
    m.put(i_type(0x13, 0, _T0, _T0, m.random.choice(cycles)))
    m.put(csr(1, m.dest(), Csr.STIMECMP, _T0))


def _wait(m):
    """A `wfi` that ends, unless its interrupt came before it."""
    timer = 1 << 5
    if m.mode == 3 and not m.stce:
        m.put(*li(_T0, timer), csr(2, 0, Csr.MIE, _T0), csr(2, 0, Csr.MIP, _T0), _WFI)
    elif m.mode == 3 or (m.stce and m.mideleg & timer):
        _deadline(m, _LATE)
        m.put(*li(_T0, timer), csr(2, 0, Csr.MIE if m.mode == 3 else Csr.SIE, _T0), _WFI)


def finish(m: Maker) -> None:
    """Tells the handler in M-mode that the program is over."""
    m.put(i_type(0x13, 0, DONE, 0, -1), _ECALL)


#: The kinds of blocks, and how often each is made.
KINDS = {
    compute: 16, memory: 22, branches: 10, loop: 5, jump: 5, change_mode: 20, status: 6,
    borrow: 10, call: 4, counters: 2, registers: 8, page_table: 4, edit: 7, fences: 4, rewrite: 4,
    interrupt: 11, reserve: 4,
}  # fmt: skip
#: Those that only as a whole keep the rules under which both sides must agree: a changed PTE is
#: fenced, a changed instruction too, and CSRs get their old values back.
WHOLE = {registers, edit, rewrite, finish}
