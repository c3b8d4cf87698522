"""A hart as compiled code, and what the engine has to know to run it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import hdl
from sim.engines.counts import counted as counted_events
from sim.engines.hart import HartPorts
from sim.engines.inspection import VALID, inspected
from sim.engines.native.compiler import store
from sim.engines.native.compiler.model import Model, key
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.machine.structs import REQUEST
from sim.engines.recipe import Recipe
from sim.engines.story import HANDLER, probed
from sim.engines.walks import walked
from sim.platform.device import LINES

__all__ = ["COUNTERS", "NEVER", "PORTS", "RARELY", "RESPONSE", "TRAPS", "CompiledHart"]

NEVER = (1 << 64) - 1
PORTS = ("fetch_port", "data_port")
RESPONSE = ("valid", "data", "error")
#: What a hart must have for idle cycles to be passed over.
COUNTERS = ("mcycle", "stimecmp")
#: Constants of a hart that are data here: machines that differ in nothing else share a library.
_DATA = ("ram_end",)
#: Files of C++ behind machine.cpp, for what looks at the machine.
_WATCHING = ("output", "fields", "lines", "chunks", "trace", "ring", "watch", "transcript", "walks")
#: What is 0 while instructions go by that need neither trap nor walk, that access no control
#: register and divide nothing. Not what keeps its value when it no longer matters: the cause of the
#: last interrupt, say.
RESTING = {
    "top": ("port__response__error", *(f"interrupts__{line}" for line in LINES)),
    "align": (
        "oldest__fetch__fault",
        "oldest__fetch__update",
        "next__fetch__fault",
        "next__fetch__update",
    ),
    "arbiter": ("locked",),
    "decode": ("decoded__fetch__fault", "decoded__fetch__update", "decoded__refetch"),
    "execute": (
        "executed__system",
        "executed__fetch__fault",
        "executed__fetch__update",
        "held__refetch",
    ),
    "muldiv": ("_state",),
    "fetch": ("dropped", "stopped", "asked__valid", "asked__fetch__fault", "word__fetch__update"),
    "walker": ("state",),
    "trap": (
        "held__system",
        "held__data__fault",
        "held__data__update",
        "held__interrupt",
        "held__fetch__fault",
        "held__fetch__update",
        "held__misaligned",
        "finish__lock",
    ),
    "amo": ("state",),
    "interrupts": ("csr_wholes__mip", "csr_wholes__mip_held", "stip"),
    "recorder": ("first", "retire__trap", "retire__intr"),
}
#: Tables of the MMU, control registers, and the unit that most instructions do not use. Not the
#: walker: it changes in each cycle of a walk.
RARELY = Rarely(
    frozenset({"csrs", "protection", "tlb", "walk_cache", "muldiv"}),
    often=frozenset({"mcycle", "minstret", *(f"mhpmcounter{number}" for number in range(3, 32))}),
    upper=frozenset({("mmu__fetch__va", 12)}),
    resting=frozenset(f"{module}.{name}" for module, names in RESTING.items() for name in names),
)
#: What of the retire port comes first; behind it what tells of a handler.
TRAPS = ("valid", "trap", "pc_rdata", "mode", "cause", "tval")
_RETIRE = (*TRAPS, *HANDLER)
#: Folders whose sources determine what becomes of a recipe.
_PACKAGES = (Path(hdl.__file__).parent, Path(__file__).parents[2])


@dataclass(frozen=True)
class _Places:
    """Where the engine finds what it looks for; see `CompiledHart`."""

    fields: list[str]
    probe_at: int
    walk_at: int
    events_at: int
    data: dict[str, int]


@dataclass(frozen=True)
class _Kept:
    """What is kept under a recipe: members of `StoredModel` and of `_Places`."""

    library: str
    model: dict[str, Any]
    places: dict[str, Any]


class CompiledHart:
    """A hart in C++ with machine.cpp behind it.

    Members
    -------
    model : Model
        Its outputs are the requests of both ports, `fields`, and what its probes show.
    traced : bool
        All signals are computed.
    fields : list of str
        Names of the retire port's fields, in the order of their words.
    probe_at, walk_at, events_at : int
        The first output of the probe that stories are made of, of the one for walks, and the one
        with the events; NEVER if it has none.
    """

    def __init__(self, model: Model, places: _Places, *, traced: bool):
        self.model = model
        self.traced = traced
        self.fields = places.fields
        self.probe_at, self.walk_at = places.probe_at, places.walk_at
        self.events_at = places.events_at

    @classmethod
    def of(
        cls, hart: HartPorts, directory: Path, *, traced: bool = False, counted: bool = False
    ) -> Self:
        """`hart`, such as `hdl.hart.Hart`, whoever made it; its events are computed if `counted`.

        Libraries are kept in `directory`. Raises Unsupported and CompilerError as `Model.of` does.
        """
        return cls(*_compile(hart, directory, traced, counted), traced=traced)

    @classmethod
    def by_recipe(
        cls,
        recipe: Recipe,
        make_hart: Callable[[], HartPorts],
        directory: Path,
        *,
        traced: bool = False,
        counted: bool = False,
    ) -> Self:
        """What `make_hart` makes, which `recipe` and the sources determine.

        It is made only if that has not been done before, or if it is to be looked into.
        """
        try:
            facts = (sorted(recipe.items()), traced, counted, version("amaranth"))
        except PackageNotFoundError:  # as of a checkout that stands on the path
            return cls.of(make_hart(), directory, traced=traced, counted=counted)
        path = key(directory, "hart", _PACKAGES, *facts)
        kept = store.load(path, _Kept)
        if kept is None:
            model, places = _compile(make_hart(), directory, traced, counted)
            store.save(path, _Kept(model.image.library, asdict(model.image), asdict(places)))
            return cls(model, places, traced=traced)
        places = _Places(**kept.places)
        model = Model(
            store.StoredModel(**kept.model),
            directory,
            lambda: _compile(make_hart(), directory, traced, counted)[0].translation,
            data=places.data,
        )
        return cls(model, places, traced=traced)


def _compile(
    hart: HartPorts, directory: Path, traced: bool, counted: bool
) -> tuple[Model, _Places]:
    requests = [getattr(hart, port).request for port in PORTS]
    outputs = [getattr(request, name) for request in requests for name in REQUEST]
    others = [name for name in hart.retire.signature.members if name not in _RETIRE]
    fields = [*_RETIRE, *others] if traced else [*_RETIRE]
    outputs += [getattr(hart.retire, name) for name in fields]
    probe = probed(hart)
    probe_at = len(outputs) if probe else NEVER
    outputs += probe
    walk = walked(hart) if traced else []
    walk_at = len(outputs) if walk else NEVER
    outputs += walk
    events = counted_events(hart) if counted else []
    events_at = len(outputs) if events else NEVER
    outputs += events
    data = {name: getattr(hart, name) for name in _DATA if hasattr(hart, name)}
    model = Model.of(
        hart,
        outputs,
        directory,
        runtime=_runtime(traced),
        everything=traced,
        places=_places(hart),
        data=data,
        exhibits=inspected(hart) if traced else {},
        rarely=RARELY,
        shared=True,
    )
    values = {name: signal.init for name, signal in data.items()}
    return model, _Places(fields, probe_at, walk_at, events_at, values)


def _runtime(traced: bool) -> str:
    """The C++ behind the model's functions."""
    names = ("story", "counts", "refusals", "machine", *(_WATCHING if traced else ()))
    return "\n".join((Path(__file__).parent / f"{name}.cpp").read_text() for name in names)


def _places(hart: HartPorts) -> dict[str, Any]:
    """Everything of `hart` that has to be found in the state, by name."""
    places = {name: getattr(hart, name) for name in ("mtime", "registers")}
    places |= {name: getattr(hart.interrupts, name) for name in LINES}
    for name in PORTS:
        port = getattr(hart, name)
        places[f"{name}.ready"] = port.request.ready
        places |= {f"{name}.{field}": getattr(port.response, field) for field in RESPONSE}
    places |= {name: getattr(hart, name) for name in COUNTERS if hasattr(hart, name)}
    known = inspected(hart)
    places |= {name: known[name] for name in VALID if name in known}
    return places
