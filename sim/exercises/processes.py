"""Exercises about the kernel: what it does about a page fault, and what `sbrk` does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from hdl.arch import PAGE_SIZE
from kernel_model.mm.peek import flag_letters
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite
from kernel_model.mm.space import AddressSpace
from sim.exercises.exercise import Exercise
from sim.exercises.mmu import Access, Context
from sim.exercises.process import Killed, Process, Program, Touched
from sim.exercises.words import cause_name
from sim.output.sentences import in_words, rights

__all__ = ["Sbrk", "Story", "Touch", "lazy", "lazy_story", "play", "sizes", "sizes_story"]

_INSNS = {"load": "ld a0, (a1)", "store": "sd a0, (a1)", "fetch": "the instruction"}
_SETS = "In a page that it maps the kernel sets A and D if ADUE = 0, for then the hart does not."


@dataclass(frozen=True)
class Sbrk:
    """The system call `sbrk(n)`."""

    n: int


@dataclass(frozen=True)
class Touch:
    """A load, a store or a fetch of the process at `va`."""

    kind: str
    va: int

    def access(self, context: Context) -> Access:
        """It under an address space."""
        return Access(_INSNS[self.kind], self.kind, self.va, context, 4 if self._fetch else 8)

    @property
    def _fetch(self) -> bool:
        return self.kind == "fetch"


@dataclass(frozen=True)
class Story:
    """What a process does from its start."""

    program: Program
    svadu: bool
    events: tuple[Sbrk | Touch, ...]


def play(story: Story) -> tuple[Process, list[int | Touched]]:
    """The process behind the story, and what came of each event until it was killed, if it was."""
    process = Process(story.program, svadu=story.svadu)
    came: list[int | Touched] = []
    for event in story.events:
        try:
            context = process.context
        except Killed:
            break
        if isinstance(event, Sbrk):
            came.append(process.sbrk(event.n))
        else:
            came.append(process.touch(event.access(context)))
    return process, came


def lazy_story(rng: Random) -> Story:
    """A heap of which some pages are touched, and then an access somewhere."""
    program = Program(rng.choice((1, 1, 2)), rng.choice((0, 1, 2)))
    space = Process(program).space
    heap, pages = space.size, rng.randrange(3, 8)
    size = pages * PAGE_SIZE - rng.choice((0, 0, rng.randrange(8, PAGE_SIZE - 8, 8)))
    touched = rng.sample(range(pages - 1), 2)
    events: list[Sbrk | Touch] = [Sbrk(size)]
    events += [Touch("store", heap + page * PAGE_SIZE) for page in touched]
    untouched = [page for page in range(pages) if page not in touched]
    within = rng.randrange(0, PAGE_SIZE, 8)
    kinds = ("load", "store")
    match rng.choice(("new", "new", "new", "old", "past", "guard", "text", "code", "end")):
        case "new":
            last = Touch(rng.choice(kinds), heap + untouched[0] * PAGE_SIZE + within)
        case "old":
            last = Touch(rng.choice(kinds), heap + touched[0] * PAGE_SIZE + within)
        case "past":
            last = Touch(rng.choice(kinds), heap + (pages + rng.randrange(3)) * PAGE_SIZE + within)
        case "guard":
            last = Touch(rng.choice(kinds), heap - 2 * PAGE_SIZE + within)
        case "text":
            last = Touch("store", within)
        case "code":
            last = Touch("fetch", heap + rng.choice((touched[0], untouched[0])) * PAGE_SIZE)
        case _:  # the last doubleword below the size, or the one behind it
            last = Touch(rng.choice(kinds), heap + size - rng.choice((8, 0)))
    return Story(program, rng.random() < 0.3, (*events, last))


def lazy(rng: Random) -> Exercise:
    """What comes of an access, and what the kernel does."""
    story = lazy_story(rng)
    before, _ = play(Story(story.program, story.svadu, story.events[:-1]))
    frames = ", ".join(f"{frame:#x}" for frame in before.free_frames)
    space = before.space
    told = ("", *_regions(space), f"The frames that the kernel takes next: {frames}.", _SETS)
    touch = story.events[-1]
    assert isinstance(touch, Touch)
    touched = before.touch(touch.access(before.context))
    return Exercise(
        kind="lazy",
        memory=touched.memory,
        steps=(touched.access,),
        questions=(
            "Which page-table entries are read, at which addresses and in which order?",
            "Which physical address is accessed? Or which exception is raised: the number and "
            "the name of its cause, and stval?",
            "What does the kernel do about it: which frame does it take, and which entry of a "
            "page table does it write, where? Or why does it kill the process?",
        ),
        told=told,
        solution=tuple(_served(touched.outcome)),
    )


def _regions(space: AddressSpace) -> Iterator[str]:
    """Whose the addresses of a process are."""
    yield f"The process's size is {space.size:#x}; its pages belong to:"
    for part in space.regions.parts:
        where = f"{part.start:#x} to {part.end:#x}"
        yield f"  {part.owner.value:<8} {where:<20} {rights(part.rights)}"


def _served(outcome: FaultOutcome | None) -> Iterator[str]:
    """What the kernel did about a page fault."""
    if outcome is None:
        yield "the kernel: does nothing, it is not asked"
        return
    yield f"the kernel: {in_words(outcome)}"
    if outcome.decision is Decision.MAPPED and outcome.region is not None:
        yield (
            f"  the address is below the size {outcome.size:#x}, the page has no frame yet, and "
            f"its owner, the {outcome.region.owner.value}, allows the access"
        )
        yield from (_written(write) for write in outcome.writes)


def _written(write: PteWrite) -> str:
    letters = flag_letters(write.after)
    return f"  level {write.level}  {write.address:#x}  {write.after:#018x} {letters} is written"


def sizes_story(rng: Random) -> Story:
    """Growing, touching and giving back, five to seven times."""
    program = Program(1, rng.choice((0, 1)))
    heap = Process(program).space.size
    size, events = heap, list[Sbrk | Touch]()
    for turn in range(rng.randrange(5, 8)):
        grows = turn == 0 or rng.random() < 0.4
        if turn and rng.random() < 0.55:
            # Mostly in the heap: what is behind it kills.
            pages = max(1, -(-(size - heap) // PAGE_SIZE))
            page = rng.randrange(pages + (turn > 3 and rng.random() < 0.4))
            va = heap + page * PAGE_SIZE + rng.randrange(0, PAGE_SIZE, 8)
            events.append(Touch(rng.choice(("load", "store")), va))
            continue
        n = rng.randrange(1, 6) * PAGE_SIZE + rng.choice((0, 0, 0x100, 0x800))
        if not grows:
            n = -n if rng.random() < 0.75 else -(size + n)
        if size + n >= heap:
            size += n
        elif size + n >= 0:
            n = 0  # what lies below the heap stays
        events.append(Sbrk(n))
    return Story(program, False, tuple(events))


def sizes(rng: Random) -> Exercise:
    """What each call returns, which accesses fault, and how many frames there are."""
    story = sizes_story(rng)
    start = Process(story.program).space
    process, came = play(story)
    events = story.events[: len(came)]
    told = [*_regions(start), "", "It does this, one after the other:"]
    told += [f"  {number}. {_event(event)}" for number, event in enumerate(events, 1)]
    return Exercise(
        kind="sizes",
        questions=(
            "What does each sbrk return?",
            "Which accesses raise a page fault, with which cause and stval, and what does the "
            "kernel do?",
            "How large is the process at the end, and how many pages of its heap have a frame? "
            "Or is it killed?",
        ),
        told=tuple(told),
        solution=(*_course(came), _end(process)),
        quiz=("The size at the end? (as 0x5000, or killed)", _size(process)),
    )


def _event(event: Sbrk | Touch) -> str:
    if isinstance(event, Sbrk):
        return f"sbrk({event.n})"
    return f"{_INSNS[event.kind]:<14} a1 = {event.va:#x}"


def _course(came: Sequence[int | Touched]) -> Iterator[str]:
    for number, what in enumerate(came, 1):
        if isinstance(what, int):
            returned = "-1: there is less than that, and nothing changes"
            yield f"{number}. returns {f'{what:#x}, the size before' if what >= 0 else returned}"
        elif what.outcome is None:
            yield f"{number}. no fault: the page has a frame"
        else:
            cause, stval = what.answer.cause, what.answer.stval
            assert cause is not None
            raised = f"{cause_name(cause)}, cause {int(cause)}, stval {stval:#x}"
            yield f"{number}. {raised}; {in_words(what.outcome)}"


def _size(process: Process) -> str:
    try:
        return f"{process.space.size:#x}"
    except Killed:
        return "killed"


def _end(process: Process) -> str:
    try:
        size, frames = process.space.size, process.heap_frames
        return f"at the end: size {size:#x}; pages of the heap with a frame: {frames}"
    except Killed:
        return "at the end: the process has been killed"
