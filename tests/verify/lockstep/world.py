"""The memory of a random program: what lies where, and the page tables that map it.

256 KiB of RAM are used. Code and data are seen through several views, which are gigabytes of the
virtual address space that show RAM from its start: an address in a view has the same low bits as
the physical one. Two roots, A and B, agree on all views but those of 4 KiB pages.
"""

import struct
from dataclasses import dataclass
from random import Random

from hdl.arch import PAGE_SIZE, Pte, make_pte, make_satp

__all__ = [
    "BOOT", "CODE", "CODE_PAGES", "DATA", "DATA_PAGES", "EDITABLE", "IDENTITY", "MACHINE_HANDLER",
    "LEVELS", "RAM", "RAM_SIZE", "ROOTS", "SUPERVISOR_HANDLER", "TABLES", "USED", "VIEWS", "ZOO",
    "Editable", "asids", "bent", "data", "satps", "tables",
]  # fmt: skip

RAM = 0x8000_0000
RAM_SIZE = 4 << 20
#: Bytes from the start of RAM that hold anything; the rest is zero, and only stray stores reach it.
USED = 64 * PAGE_SIZE

BOOT = RAM
MACHINE_HANDLER = RAM + 1 * PAGE_SIZE
SUPERVISOR_HANDLER = RAM + 2 * PAGE_SIZE
CODE, CODE_PAGES = RAM + 4 * PAGE_SIZE, 12
DATA, DATA_PAGES = RAM + 16 * PAGE_SIZE, 16
TABLES = RAM + 48 * PAGE_SIZE

#: The views by privilege (0 U, 1 S, 3 M): pages of 4 KiB, which are chosen more often, then of
#: 2 MiB, and the identity, which is one page of 1 GiB for S-mode and RAM itself for M-mode.
IDENTITY = RAM
VIEWS = {
    0: (0xC000_0000, 0xC000_0000, 0xFFFF_FFFF_8000_0000),
    1: (0x4000_0000, 0x4000_0000, 0xFFFF_FFFF_C000_0000, IDENTITY),
    3: (IDENTITY,),
}
#: Pages that are bent in any way, at level 0, 1 and 2, and what lies between two of one level.
ZOO = ((0x1000_0000, 1 << 12), (0x1020_0000, 1 << 21), (0x1_0000_0000, 1 << 30))
_ZOO_ENTRIES = 16

_PAGES = ("root_a", "root_b", "user_1_a", "user_0_a", "supervisor_1_a", "supervisor_0_a",
          "user_1_b", "user_0_b", "supervisor_1_b", "supervisor_0_b",
          "user_mega", "supervisor_mega", "zoo_1", "zoo_0",
          "user_0_late", "supervisor_0_late")  # fmt: skip
_AT = {name: TABLES + number * PAGE_SIZE for number, name in enumerate(_PAGES)}
ROOTS = (_AT["root_a"], _AT["root_b"])
#: The level of the entries of each page-table page, by its physical address.
LEVELS = {at: 2 if "root" in name else 0 if "_0" in name else 1 for name, at in _AT.items()}


@dataclass(frozen=True)
class Editable:
    """Entries of a page-table page that may change while the program runs.

    Members
    -------
    table, level
        Its physical address, and the level of its entries.
    base
        The virtual address of what entry 0 maps.
    first, count
        The entries that may change.
    roots
        By which it is used, 0 or 1.
    user
        The pages are those of U-mode, or of S-mode; None if they may be either.
    below
        The page table that an entry may point to, or None if all of them stay leaves or invalid.
    """

    table: int
    level: int
    base: int
    first: int
    count: int
    roots: tuple[int, ...]
    user: bool | None
    below: int | None = None

    @property
    def shared(self) -> bool:
        """By both roots."""
        return len(self.roots) > 1


_FIRST_DATA = (DATA - RAM) // PAGE_SIZE
#: Entries for 2 MiB behind those of the views: leaves, and those that may become pointers.
_MEGA_LEAVES, _MEGA_MIXED = range(1, 3), range(3, 5)
_OWNERS = (("user", 0xC000_0000, True), ("supervisor", 0x4000_0000, False))


def _editable():
    yield Editable(_AT["zoo_0"], 0, ZOO[0][0], 0, _ZOO_ENTRIES, (0, 1), None)
    for root, letter in enumerate("ab"):
        for name, base, user in _OWNERS:
            small, mega = _AT[f"{name}_0_{letter}"], _AT[f"{name}_1_{letter}"]
            yield Editable(small, 0, base, _FIRST_DATA, DATA_PAGES, (root,), user)
            for entries, below in ((_MEGA_LEAVES, None), (_MEGA_MIXED, _AT[f"{name}_0_late"])):
                first, count = entries.start, len(entries)
                yield Editable(mega, 1, base, first, count, (root,), user, below)


#: All that may change.
EDITABLE = list(_editable())

_POINTER = int(Pte.V)
_LEAF = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D


def satps(root: int) -> list[int]:
    """Values of satp for `root`, 0 or 1: the ASIDs are its own, so that no entry is mistaken."""
    return [make_satp(ROOTS[root], asid) for asid in ((0, 1, 0x7FFF), (2, 0x8001, 0xFFFF))[root]]


def asids(root: int) -> list[int]:
    """The address spaces of `root`."""
    return [satp >> 44 & 0xFFFF for satp in satps(root)]


def data() -> bytes:
    """What the data pages hold at first: each word its own physical address."""
    return struct.pack(
        f"<{DATA_PAGES * PAGE_SIZE // 8}Q", *range(DATA, DATA + DATA_PAGES * PAGE_SIZE, 8)
    )


def bent(random: Random, pte: int, level: int, *, shared: bool) -> int:
    """`pte` with something wrong or unusual about it.

    Only a `shared` one, the same below both roots, may become global.
    """
    flags = [Pte.V, Pte.R, Pte.X, Pte.A, Pte.D, Pte.U, Pte.A | Pte.D, Pte.R | Pte.W, Pte.R | Pte.X,
             Pte.W, Pte.W | Pte.D]  # fmt: skip
    choice = random.randrange(12 if shared else 11)
    if choice < 5:
        return pte ^ random.choice(flags)
    if choice == 5:  # a reserved bit, PBMT or N
        return pte | 1 << random.randrange(54, 64)
    if choice == 6:  # a pointer, perhaps at level 0, perhaps with A, D or U
        table = random.choice((_AT["zoo_0"], _AT["zoo_1"]))
        return make_pte(table, _POINTER | random.choice((0, 0, Pte.A, Pte.D, Pte.U)))
    if choice == 7:  # outside RAM
        return pte & 0x3FF | random.choice((1 << 53, 1 << 40, (RAM + RAM_SIZE) >> 2, 0x0C00_0000))
    if choice == 8:  # another page
        return pte & 0x3FF | (DATA + random.randrange(DATA_PAGES) * PAGE_SIZE) >> 2
    if choice == 9 and level:  # a misaligned superpage
        return pte | 1 << 10 + random.randrange(9 * level)
    if choice in (9, 10):
        return pte & ~0x3FF | random.randrange(256) & ~Pte.G
    return pte | Pte.G


def tables(random: Random, *, bends: bool = True) -> dict[int, int]:
    """The page tables: every entry that is not 0, by its physical address.

    Without `bends` all pages of code and data are there and permit everything.
    """
    entries = {}

    def put(page, index, value):
        entries[_AT[page] + 8 * index] = value

    for root in "ab":
        page = f"root_{root}"
        put(page, 0, make_pte(_AT["zoo_1"], _POINTER))
        put(page, 2, make_pte(RAM, _LEAF | random.choice((0, Pte.G))))
        put(page, 510, make_pte(_AT["user_mega"], _POINTER))
        put(page, 511, make_pte(_AT["supervisor_mega"], _POINTER))
        for name, gigabyte, user in (("supervisor", 1, 0), ("user", 3, Pte.U)):
            put(page, gigabyte, make_pte(_AT[f"{name}_1_{root}"], _POINTER))
            put(f"{name}_1_{root}", 0, make_pte(_AT[f"{name}_0_{root}"], _POINTER))
            for index in range(USED // PAGE_SIZE):
                pte = _small_page(random if bends else None, index, user)
                put(f"{name}_0_{root}", index, pte)
            for index in _MEGA_LEAVES:
                put(f"{name}_1_{root}", index, make_pte(RAM, _LEAF | user))
            for index in _MEGA_MIXED:
                put(f"{name}_1_{root}", index, make_pte(_AT[f"{name}_0_late"], _POINTER))
    entries[_AT["root_b"] + 16] = entries[_AT["root_a"] + 16]
    for page, first, user in (("user_mega", 0, Pte.U), ("supervisor_mega", 0, 0)):
        for index in range(2):
            shared = random.choice((0, Pte.G))
            put(page, first + index, make_pte(RAM + (index << 21), _LEAF | user | shared))
    _zoo(random, put)
    for name, _, user in _OWNERS:
        # The data pages in reverse.
        for index in range(DATA_PAGES):
            page = DATA + (DATA_PAGES - 1 - index) * PAGE_SIZE
            put(f"{name}_0_late", _FIRST_DATA + index, make_pte(page, _LEAF | user * Pte.U))
    return entries


def _small_page(random, index, user):
    """The PTE of a page of 4 KiB of the used part of RAM, sometimes bent if there is a `random`."""
    address = RAM + index * PAGE_SIZE
    pte = make_pte(address, _LEAF | user)
    in_code = CODE <= address < CODE + CODE_PAGES * PAGE_SIZE
    in_data = DATA <= address < DATA + DATA_PAGES * PAGE_SIZE
    if random is None or not (in_code or in_data):
        return pte
    if in_data or random.random() < 0.1:
        pte &= ~random.choice((0, 0, Pte.D, Pte.A | Pte.D))
    if random.random() < (0.2 if in_code else 0.25):
        pte = bent(random, pte, 0, shared=False)
    return pte


def _zoo(random, put):
    """Pages of each size, every one bent; those of 1 GiB in both roots alike."""
    put("zoo_1", 128, make_pte(_AT["zoo_0"], _POINTER))
    for index in range(_ZOO_ENTRIES):
        user = random.choice((0, Pte.U))
        page = DATA + index * PAGE_SIZE
        put("zoo_0", index, bent(random, make_pte(page, _LEAF | user), 0, shared=True))
        put("zoo_1", 129 + index, bent(random, make_pte(RAM, _LEAF | user), 1, shared=True))
        value = bent(random, make_pte(RAM, _LEAF | user), 2, shared=True)
        for root in "ab":
            put(f"root_{root}", 4 + index, value)
