"""Exercises about accesses that follow each other: old TLB entries, ends of pages, cycles."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from hdl.arch import PAGE_SIZE, Pte, make_pte
from sim.exercises.exercise import Exercise
from sim.exercises.mmu import Access, Context, Fence, Put, Step, answers
from sim.exercises.tables import USER, Tables, random_va
from sim.exercises.translations import data_access, fetch

__all__ = ["cost", "crossing", "tlb"]

_REGION = PAGE_SIZE << 9  # what one table of level 0 maps
_LAST = ("", "The questions are about the last access.")
_ORDER = ("", "This hart looks whether an access is aligned before it translates.")


def tlb(rng: Random) -> Exercise:
    """An entry is changed in memory behind an access that used it, with or without a fence."""
    tables = Tables(rng)
    va, asid = random_va(rng), rng.randrange(1, 10)
    flags = USER & ~Pte.X | rng.choice((0, 0, Pte.G))
    leaf = tables.map(va, tables.frame(), flags)
    tables.add_neighbours(va)
    context = Context(tables.root, asid)
    load = Access("ld a0, (a1)", "load", va, context)
    store = Access("sd a0, (a1)", "store", va, context)
    last = rng.choice((load, store))
    change = tables.memory[leaf]
    match rng.choice(("unmap", "move", "take W", "give W", "map", "give D")):
        case "unmap":
            change = 0
        case "move":
            change = make_pte(tables.frame(), flags)
        case "take W":
            change, last = change & ~Pte.W, store
        case "give W":
            tables.change(leaf, clear=Pte.W)
            last = store
        case "map":
            del tables.memory[leaf]
        case "give D":
            tables.change(leaf, clear=Pte.D)
            last = store
    steps: list[Step] = [load, Put(leaf, change)]
    steps += _fence(rng, va, asid)
    if rng.random() < 0.2:
        last = replace(last, context=replace(context, asid=asid + 1))
    ((_, first),) = answers(tables.memory, [load])
    if first.cause is None:
        why = _kept(steps[-1], load, last, is_global=bool(flags & Pte.G))
    else:
        why = iter(("the first access faulted, so the TLBs have no entry for the page",))
    return Exercise(
        kind="tlb",
        memory=tables.memory,
        steps=(*steps, last),
        told=_LAST,
        solution=tuple(why),
    )


def _kept(step: Step, load: Access, last: Access, *, is_global: bool) -> Iterator[str]:
    """What becomes of the entry that `load` has left, after a fence or in another space."""
    asid = load.context.asid
    if isinstance(step, Fence):
        if step.va not in (None, load.va):
            yield "the fence names another page, so the TLBs keep this one's entry"
        elif step.asid is not None and is_global:
            yield "the fence names an address space, so the TLBs keep global entries (G = 1)"
        elif step.asid not in (None, asid):
            yield "the fence names another address space, so the TLBs keep this one's entry"
        else:
            yield "the fence names the page's entry, so the TLBs hold it no more"
        yield "any fence empties the walk cache of this hart"
    if last.context.asid != asid:
        whose = "all address spaces" if is_global else f"address space {asid} alone"
        yield f"what the first access has left in the TLBs is for {whose} (G = {is_global:d})"


def _fence(rng: Random, va: int, asid: int) -> list[Step]:
    """A fence for an address and its space, one that only looks like it, or none."""
    forms: tuple[Step, ...] = (
        Fence(),
        Fence(va),
        Fence(va ^ PAGE_SIZE),
        Fence(None, asid),
        Fence(None, asid + 1),
        Fence(va, asid),
    )
    return [] if rng.random() < 0.25 else [rng.choice(forms)]


_PARTS = (
    "Which page-table entries have to be read, at which addresses and in which order?",
    "Which physical address is accessed by each part? Or which exception is raised: the number "
    "and the name of its cause, stval, and sepc?",
)


def crossing(rng: Random) -> Exercise:
    """Something at the end of a page, the next of which is somewhere else, or nowhere."""
    tables = Tables(rng)
    start = random_va(rng, size=PAGE_SIZE)
    following = start + PAGE_SIZE
    flags = [USER, USER]
    if rng.random() < 0.65:
        flags[rng.choice((0, 1, 1))] &= ~rng.choice((Pte.V, Pte.X, Pte.U))
    for va, of_page in zip((start, following), flags, strict=True):
        tables.map(va, tables.frame(), of_page)
    context = Context(tables.root)
    if rng.random() < 0.35:
        access = data_access(rng, following, context)
        access = replace(access, va=following - rng.choice((access.size, access.size // 2)))
        return Exercise(kind="crossing", memory=tables.memory, steps=(access,), told=_ORDER)
    pc = following - 2
    first = replace(fetch(pc, context), va=pc, size=2)
    if rng.random() < 0.3:
        first = replace(first, insn="a compressed instruction (2 bytes)")
        return Exercise(kind="crossing", memory=tables.memory, steps=(first,), questions=_PARTS)
    first = replace(first, insn="the first half of an instruction of 4 bytes")
    second = replace(first, insn="its second half", va=following)
    steps = _until_fault(tables, (first, second))
    return Exercise(
        kind="crossing",
        memory=tables.memory,
        steps=steps,
        about=tuple(range(len(steps))),
        questions=_PARTS,
        happens=(f"an instruction of 4 bytes at {pc:#x} is fetched",),
        solution=(f"sepc of a fault is {pc:#x}: where the instruction begins",),
        quiz=_second_half(tables, steps),
    )


def _second_half(tables: Tables, steps: Sequence[Access]) -> tuple[str, str]:
    """The short question, and its answer."""
    _, last = answers(tables.memory, steps)[-1]
    right = f"{last.pa:#x}" if last.cause is None else f"{int(last.cause)} {last.stval:#x}"
    return "The physical address of the second half, or cause and stval?", right


def _until_fault(tables: Tables, steps: Sequence[Access]) -> tuple[Access, ...]:
    """The accesses up to the first one that faults: no other is made."""
    done: list[Access] = []
    for access, answer in answers(tables.memory, steps):
        done.append(access)
        if answer.cause is not None:
            break
    return tuple(done)


def cost(rng: Random) -> Exercise:
    """Four or five accesses, of which some find what others have left behind."""
    tables = Tables(rng)
    latency = rng.choice((1, 1, 2, 3))
    context = Context(tables.root)
    here = random_va(rng, size=_REGION) + rng.randrange(0, _REGION // 2, PAGE_SIZE)
    near, far, big = here + PAGE_SIZE * rng.randrange(1, 200), here ^ _REGION * 8, here ^ 1 << 36
    for va in (here, near, far):
        tables.map(va, tables.frame(), USER)
    tables.map(big, tables.frame(1), USER, 1)
    if rng.random() < 0.5:
        tables.change(tables.entry(rng.choice((near, far)), 0), clear=rng.choice((Pte.V, Pte.U)))
    places = [here, here, near, near, far, big, big]
    rng.shuffle(places)
    accesses = [
        data_access(rng, va + rng.randrange(0, PAGE_SIZE, 8), context)
        for va in places[: rng.choice((4, 5))]
    ]
    done = answers(tables.memory, accesses, latency)
    total = sum(answer.cycles for _, answer in done)
    return Exercise(
        kind="cost",
        memory=tables.memory,
        steps=tuple(accesses),
        latency=latency,
        about=tuple(range(len(accesses))),
        questions=(
            "How many cycles does the translation of each access add, and of all?",
            "Which of them fault, with which cause and stval?",
        ),
        told=("", "A fault changes nothing, and the next access is made all the same."),
        solution=("", f"{total} cycles in all"),
        quiz=("How many cycles do all translations add?", str(total)),
    )
