"""The ways to bend a working case until it hurts, each by a name.

A bend changes a `Draft` of `tests.verify.golden.cases`: its address, its PTEs, its tables or its
context.
"""

__all__ = ["BENDS", "DEVICE", "HOLES", "RAM_FRAMES"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
RAM_FRAMES = range(0x8000_0000 >> 12, 0x8800_0000 >> 12)
#: A doubleword of a device: mtimecmp of the usual CLINT.
DEVICE = 0x0200_4000
#: Frames in which there is nothing: among devices, next to RAM, and wherever a bit that is lost
#: would make RAM of them.
HOLES = (
    0x3000,
    0x7FFFF,
    0x88000,
    0xC0000,
    1 << 20 | 0x80005,
    1 << 32 | 0x80005,
    1 << 43 | 0x80005,
    (1 << 44) - 1,
)
#: Every way to bend a draft, by name.
BENDS = {}


def _bend(function):
    BENDS[function.__name__] = function


# ------------------------------------------------------------------------ the PTEs


@_bend
def invalid_pte(d):
    d.ptes[d.level()] &= ~V


@_bend
def any_flags(d):
    """All 256 sets of flags of a leaf."""
    d.ptes[d.leaf] = d.ptes[d.leaf] & ~0xFF | d.random.randrange(256)


@_bend
def no_permission(d):
    d.ptes[d.leaf] &= ~d.pick(R, W, X, W | X, R | W, R | X)


@_bend
def execute_only(d):
    d.ptes[d.leaf] &= ~(R | W)


@_bend
def write_without_read(d):
    d.ptes[d.level()] = d.ptes[d.level()] & ~R | W


@_bend
def other_owner(d):
    d.ptes[d.leaf] ^= U


@_bend
def not_accessed(d):
    d.ptes[d.leaf] &= ~A


@_bend
def not_dirty(d):
    d.ptes[d.leaf] &= ~D


@_bend
def not_accessed_nor_dirty(d):
    d.ptes[d.leaf] &= ~(A | D)


@_bend
def reserved_bit(d):
    d.ptes[d.level()] |= d.bit(54, 60)


@_bend
def memory_type(d):
    """PBMT, of Svpbmt."""
    d.ptes[d.level()] |= d.pick(1, 2, 3) << 61


@_bend
def napot(d):
    """N, of Svnapot; a page of 64 KiB that it would allow, too."""
    level = d.level()
    d.ptes[level] |= 1 << 63
    if d.pick(0, 1):
        d.aim(level, d.ptes[level] >> 10 & (1 << 44) - 16 | 8)


@_bend
def software_bits(d):
    """RSW and G, which change nothing."""
    d.ptes[d.level()] |= d.pick(1, 2, 3) << 8 | d.pick(0, G)


@_bend
def pointer_flags(d):
    d.ptes[d.pointer()] |= d.pick(A, D, U, A | D | U)


@_bend
def pointer_becomes_leaf(d):
    d.ptes[d.pointer()] |= d.pick(R, X, R | W | X) | A | D | d.pick(0, U)


@_bend
def leaf_becomes_pointer(d):
    d.ptes[d.leaf] &= ~(R | W | X)
    if d.pick(0, 1):
        d.ptes[d.leaf] &= ~(A | D | U)


@_bend
def random_pte(d):
    d.ptes[d.level()] = d.random.getrandbits(64) | d.pick(V, 0)


@_bend
def one_bit(d):
    d.ptes[d.level()] ^= d.bit(0, 63)


@_bend
def swapped_levels(d):
    """The leaf and what points to its table."""
    above = min(d.leaf + 1, 2)
    d.ptes[above], d.ptes[d.leaf] = d.ptes[d.leaf], d.ptes[above]


# ------------------------------------------------------------------------ where they point


@_bend
def misaligned_superpage(d):
    d.ptes[d.leaf] ^= d.bit(10, 10 + max(9 * d.leaf - 1, 0))


@_bend
def leaf_outside_ram(d):
    d.aim(d.leaf, d.pick(*HOLES) >> 9 * d.leaf << 9 * d.leaf)


@_bend
def high_bit_of_leaf(d):
    d.ptes[d.leaf] ^= d.bit(10 + 20, 53)


@_bend
def device(d):
    """mtimecmp, through a page of 4 KiB or more."""
    offset = 4096 << 9 * d.leaf
    d.aim(d.leaf, DEVICE // offset * offset >> 12)
    d.va = d.va // offset * offset + DEVICE % offset


@_bend
def edge_of_ram(d):
    d.va = d.va & ~0xFFF | d.pick(0, 0xFF8)
    d.aim(d.leaf, d.pick(RAM_FRAMES[0], RAM_FRAMES[-1], RAM_FRAMES[0] - 1, RAM_FRAMES[-1] + 1))


@_bend
def table_outside_ram(d):
    d.aim(d.pointer(), d.pick(*HOLES, DEVICE >> 12))


@_bend
def table_at_edge_of_ram(d):
    level = d.pointer()
    d.tables[max(level - 1, 0)] = frame = d.pick(RAM_FRAMES[0], RAM_FRAMES[-1])
    d.aim(level, frame)


@_bend
def high_bit_of_pointer(d):
    d.ptes[d.pointer()] ^= d.bit(10 + 20, 53)


@_bend
def other_table(d):
    """One bit of a pointer's PPN is wrong: it names a page that holds no PTE."""
    d.ptes[d.pointer()] ^= d.bit(10, 10 + 14)


@_bend
def loop(d):
    """A table that is its own next level; with equal indices for ever."""
    d.aim(d.pointer(), d.tables[d.pointer()])
    if d.pick(1, 0):
        d.va &= ~(0x3FFFF << 12)
        d.va |= (d.va >> 30 & 511) * 0x201 << 12


# ------------------------------------------------------------------------ the address


@_bend
def not_canonical(d):
    d.va ^= d.bit(39, 63)


@_bend
def wrong_sign(d):
    d.va ^= d.pick(1 << 38, (1 << 25) - 1 << 39, 1 << 63)


@_bend
def edge_of_address_space(d):
    d.va = (
        d.pick(0, 1 << 38, (1 << 38) - 4096, (1 << 64) - 4096, (1 << 64) - (1 << 38)) + d.va % 4096
    )


@_bend
def misaligned(d):
    """Code may begin at the second and third of the instructions of `content`."""
    d.va = d.va & ~7 | d.pick(4, 6) if d.access == "FETCH" else d.va ^ d.random.randrange(d.size)


@_bend
def physical_address(d):
    """The address is that of the page itself, as it is right without translation."""
    d.va = (d.frame << 12) + d.va % (4096 << 9 * d.leaf)
    if d.pick(1, 0):
        d.context.update(d.pick({"sv39": 0}, {"priv": "M", "mprv": 0}, {"priv": "M", "mpp": "M"}))


# ------------------------------------------------------------------------ the context


@_bend
def other_privilege(d):
    d.context["priv"] = d.pick("S", "U", "M")


@_bend
def modified_privilege(d):
    d.context.update(priv="M", mprv=d.pick(1, 0), mpp=d.pick("S", "U", "M"))


@_bend
def supervisor_on_user_page(d):
    """Only SUM lets it, and never fetch."""
    d.context["priv" if d.access == "FETCH" or not d.context["mprv"] else "mpp"] = "S"
    d.ptes[d.leaf] |= U


@_bend
def loads_of_code(d):
    """Only MXR lets them."""
    d.access = d.pick("LOAD", "LR")
    d.size = 8
    d.va &= ~7
    d.ptes[d.leaf] &= ~(R | W)


@_bend
def bare(d):
    d.context["sv39"] = 0


@_bend
def any_asid(d):
    d.context["asid"] = d.random.getrandbits(16)


@_bend
def root_outside_ram(d):
    d.tables[2] = d.pick(*HOLES, DEVICE >> 12, 0)


@_bend
def root_at_edge_of_ram(d):
    d.tables[2] = d.pick(RAM_FRAMES[0], RAM_FRAMES[-1])


@_bend
def high_bit_of_root(d):
    d.tables[2] ^= d.bit(20, 43)
