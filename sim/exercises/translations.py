"""Exercises about one translation: walks, superpages, permissions, A and D."""

from dataclasses import replace
from random import Random

from hdl.arch import PAGE_BITS, PAGE_SIZE, RAM_BASE, VPN_BITS, Priv, Pte, make_pte
from sim.exercises.exercise import Exercise
from sim.exercises.mmu import Access, Context
from sim.exercises.tables import RAM, USER, Tables, random_va

__all__ = ["ad", "data_access", "fetch", "permission", "superpage", "walk"]

#: Instructions that access data at a1: as they are written, load or store, bytes.
_DATA = (
    ("ld a0, (a1)", "load", 8),
    ("sd a0, (a1)", "store", 8),
    ("lw a0, (a1)", "load", 4),
    ("sw a0, (a1)", "store", 4),
    ("amoadd.d a0, a0, (a1)", "store", 8),
)
#: What may be wrong with an entry on the way or with the page, for `walk`.
_BENDS = ("V", "W", "reserved", "pointer", "canonical", "A", "memory")
_WHERE_RAM = ("", f"RAM is from {RAM_BASE:#x} up to {RAM.stop:#x}.")


def data_access(rng: Random, va: int, context: Context) -> Access:
    """A load, a store or an atomic near `va`."""
    insn, kind, size = rng.choice(_DATA)
    return Access(insn, kind, va & -size, context, size)


def fetch(va: int, context: Context) -> Access:
    """The fetch of an instruction of four bytes, which lies on one page."""
    return Access("the instruction", "fetch", va & -8, context, 4)


def any_access(rng: Random, va: int, context: Context) -> Access:
    """One of the former."""
    return fetch(va, context) if rng.random() < 0.25 else data_access(rng, va, context)


def walk(rng: Random) -> Exercise:
    """Three levels, and one thing that may be wrong on the way."""
    tables = Tables(rng)
    va = random_va(rng)
    leaf = tables.map(va, tables.frame(), USER)
    tables.add_neighbours(va)
    above = [tables.entry(va, level) for level in (1, 2)]
    access = any_access(rng, va, Context(tables.root))
    match rng.choice(_BENDS) if rng.random() < 0.6 else "":
        case "V":
            tables.change(rng.choice([leaf, leaf, *above]), clear=Pte.V)
        case "W":
            tables.change(leaf, clear=Pte.R)
        case "reserved":
            tables.change(rng.choice([leaf, *above]), set_=1 << rng.choice((54, 60, 61, 63)))
        case "pointer":
            tables.change(leaf, clear=USER & ~Pte.V)
        case "canonical":
            access = replace(access, va=access.va | 1 << rng.randrange(39, 64))
        case "A":
            tables.change(rng.choice(above), set_=rng.choice((Pte.A, Pte.D, Pte.U)))
        case "memory":
            nowhere = rng.randrange(0x1000_0000, 0x2000_0000, PAGE_SIZE)
            tables.memory[rng.choice(above)] = make_pte(nowhere, Pte.V)
    return Exercise(kind="walk", memory=tables.memory, steps=(access,), told=_WHERE_RAM)


def superpage(rng: Random) -> Exercise:
    """A leaf above level 0, which is aligned or not."""
    tables = Tables(rng)
    level = rng.choice((1, 1, 2))
    va, pa = random_va(rng), tables.frame(level)
    if level == 2:  # RAM is a part of the gigabyte
        size = 1 << PAGE_BITS + VPN_BITS * level
        va = va // size * size + rng.randrange(RAM.start, RAM.stop, 8) % size
    leaf = tables.map(va, pa, USER, level)
    tables.add_neighbours(va, level)
    match rng.choice(("aligned", "aligned", "misaligned", "misaligned", "rights")):
        case "misaligned":
            wrong = 1 << rng.randrange(PAGE_BITS, PAGE_BITS + VPN_BITS * level)
            tables.change(leaf, set_=make_pte(wrong, 0))
        case "rights":
            tables.change(leaf, clear=Pte.W | rng.choice((0, Pte.X)))
    access = any_access(rng, va, Context(tables.root))
    return Exercise(kind="superpage", memory=tables.memory, steps=(access,))


def permission(rng: Random) -> Exercise:
    """A good leaf, and a mode with SUM and MXR."""
    tables = Tables(rng)
    priv = rng.choice((Priv.U, Priv.S, Priv.S))
    va = random_va(rng, high=rng.random() < 0.3)
    rights = rng.choice((Pte.R, Pte.R | Pte.W, Pte.X, Pte.R | Pte.X, Pte.R | Pte.W | Pte.X))
    flags = rights | rng.choice((0, Pte.U)) | Pte.V | Pte.A | Pte.D
    tables.map(va, tables.frame(), flags)
    tables.add_neighbours(va, flags=flags ^ Pte.U)
    sum_, mxr = rng.random() < 0.5, rng.random() < 0.5
    context = Context(tables.root, priv=priv, sum_=sum_, mxr=mxr)
    return Exercise(kind="permission", memory=tables.memory, steps=(any_access(rng, va, context),))


def ad(rng: Random) -> Exercise:
    """A leaf on which A or D may be clear, with Svade or Svadu."""
    tables = Tables(rng)
    va = random_va(rng)
    level = rng.choice((0, 0, 0, 1))
    clear = rng.choice((Pte.A | Pte.D, Pte.D, Pte.D, 0)) | rng.choice((0, 0, 0, Pte.W))
    tables.map(va, tables.frame(level), USER & ~clear, level)
    tables.add_neighbours(va, level)
    context = Context(tables.root, adue=rng.random() < 0.5)
    access = any_access(rng, va, context)
    return Exercise(kind="ad", memory=tables.memory, steps=(access,))
