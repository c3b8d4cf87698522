"""Random programs: everything the hart can do, in an order that leads somewhere."""

from random import Random

from hdl.arch import MENVCFG_ADUE, MENVCFG_FIOM, MENVCFG_STCE, Csr
from tests.verify.lockstep.blocks import (
    INTERRUPTS,
    KINDS,
    WHOLE,
    change_mode,
    finish,
    status_bits,
)
from tests.verify.lockstep.handlers import RESERVED, RESUME
from tests.verify.lockstep.maker import NEXT_BLOCK, POINTERS, Maker
from tests.verify.lockstep.pmp_blocks import SETTINGS, protect
from tests.verify.lockstep.program import Block, Item, Line, Program
from tests.verify.lockstep.world import (
    CODE,
    IDENTITY,
    MACHINE_HANDLER,
    RAM,
    SUPERVISOR_HANDLER,
    VIEWS,
    tables,
)

__all__ = ["generate"]

#: How often a mode is left, besides what is left to chance.
_RESTLESS = {0: 0.15, 1: 0.05, 3: 0.1}
#: CSRs that handlers may read.
_DUMPED = (Csr.MIP, Csr.MIE, Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.SSTATUS, Csr.MEDELEG, Csr.MIDELEG,
           Csr.SATP, Csr.INSTRET, Csr.SIP, Csr.SIE, Csr.MENVCFG, Csr.MINSTRET, Csr.SSCRATCH,
           Csr.STIMECMP)  # fmt: skip
#: The kinds of blocks where there is memory protection, and how often each is made.
_PROTECTED_KINDS = {**KINDS, protect: 24}


def generate(seed: int, *, misaligned: bool = False, protected: bool = False) -> Program:
    """The program of `seed`.

    With `misaligned` it is for a hart that does misaligned accesses, with `protected` for one that
    has memory protection.
    """
    random = Random(seed)
    maker = Maker(random, misaligned=misaligned, protected=protected)
    kinds = _PROTECTED_KINDS if protected else KINDS
    count = random.randrange(60, 160)
    # Blocks that begin shortly before the end of a page.
    placed = {random.randrange(count) for _ in range(10)}
    blocks = []
    for index in range(count):
        make = random.choices(list(kinds), list(kinds.values()))[0]
        if random.random() < _RESTLESS[maker.mode]:
            make = change_mode
        before = random.randrange(2, 60, 2) if index in placed else None
        blocks.append(_block(maker, make, before))
    blocks.append(_block(maker, finish, None))
    return Program(
        seed,
        tuple(blocks),
        _settings(maker),
        _initial(maker),
        tables(random),
        _lines(random),
        tuple(random.sample(_DUMPED, random.randrange(1, 4))),
        protected,
    )


def _block(maker, make, before):
    """A block that `make` makes. No jump in it goes beyond the beginning of the next one."""
    maker.number += 1
    number, maker.items = maker.number, []
    later, maker.later = maker.later, ()
    maker.put(*later)
    make(maker)
    following = maker.number + 1
    items = [
        Item(
            item.number,
            item.word,
            item.size,
            item.fix,
            following if item.target == NEXT_BLOCK else min(item.target, following),
        )
        for item in maker.items
    ]
    return Block(number, tuple(items), before, whole=make in WHOLE or make is protect)


def _settings(maker):
    """The CSRs at first: often all or nothing, sometimes anything."""
    random = maker.random

    def some(*often):
        return random.choice((*often, *often, random.getrandbits(64)))

    # The only view that is there without translation too, and for which the root table is enough.
    handler = random.choice((*VIEWS[1], IDENTITY)) + SUPERVISOR_HANDLER - RAM
    if maker.protected:
        handler = IDENTITY + SUPERVISOR_HANDLER - RAM
    environment = (
        maker.stce << MENVCFG_STCE
        | random.getrandbits(1) << MENVCFG_ADUE
        | random.getrandbits(1) << MENVCFG_FIOM
    )
    return (
        (Csr.MTVEC, MACHINE_HANDLER | random.randrange(2)),
        (Csr.STIMECMP, (1 << 64) - 1),
        *(SETTINGS if maker.protected else ()),
        (Csr.MENVCFG, environment),
        (Csr.STVEC, handler | random.randrange(2)),
        (Csr.MEDELEG, maker.medeleg),
        (Csr.MIDELEG, maker.mideleg),
        (Csr.MIE, some(0, INTERRUPTS)),
        (Csr.MCOUNTEREN, some(7, 7)),
        (Csr.SCOUNTEREN, some(7, 7)),
        (Csr.SATP, maker.satp),
        (Csr.MSTATUS, status_bits(maker)),
    )


def _initial(maker):
    """The registers at first."""
    registers = [maker.value() for _ in range(31)]
    for register in POINTERS:
        registers[register - 1] = maker.address(3)
    for register in RESERVED:
        registers[register - 1] = 0
    registers[RESUME - 1] = CODE
    return tuple(registers)


def _lines(random):
    """Interrupt lines that go up and down now and then."""
    lines = []
    for name in ("msip", "mtip", "meip"):
        cycle = random.randrange(100, 3000)
        for _ in range(random.choice((0, 1, 2, 3))):
            length = random.randrange(200, 800)
            lines += [Line(cycle, name, True), Line(cycle + length, name, False)]
            cycle += length + random.randrange(100, 3000)
    return tuple(sorted(lines, key=lambda line: line.cycle))
