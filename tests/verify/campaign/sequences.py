"""Sequences of translations, changes of PTEs, fences and address spaces, cycle by cycle.

A `Sequence` is written like a script and then judged: every response must be one that `History`
allows in its cycle, every write must be that of an update and right for what it overwrites.
"""

from dataclasses import dataclass, field

from tests.verify.campaign.bench import DATA, FETCH, PORTS, UPDATE, Bench, Script, Trace
from tests.verify.campaign.history import History, Path
from tests.verify.golden.sv39 import Request

__all__ = ["Judged", "Sequence", "judge"]

R, X = 1 << 1, 1 << 3


@dataclass
class _Event:
    """A command that `History` has to know of: its `when`, its name, its operands."""

    when: int
    name: str
    operands: tuple


class Sequence:
    """A script, and what a `History` has to know of it. Each step is one run.

    The methods are those of `Script`, with the same meaning. An `id` says which sequence it is.
    """

    def __init__(self, id: str):
        self.id = id
        self.script = Script()
        self.steps: list[list[_Event]] = [[]]

    def memory(self, seed: int, latency: int = 1, stalls: int = 0):
        self.script.memory(seed, latency, stalls)

    def poke(self, address: int, value: int, when: int = 0):
        # The trace says when it took place.
        self.script.poke(address, value, when)

    def context(self, request: Request, when: int = 0):
        self.script.context(request, when)
        self._add(when, "context", request)

    def fence(self, va: int | None = None, asid: int | None = None, when: int = 0):
        self.script.fence(va, asid, when)
        self._add(when, "fence", va, asid)

    def squash(self, port: int, when: int = 0):
        self.script.squash(port, when)

    def ask(self, request: Request, port: int | None = None, when: int = 1):
        if port is None:
            port = FETCH if request.access == "FETCH" else DATA
        self.script.ask(request, port, when)
        self._add(when, "ask", port, request)

    def run(self, rest: int = 0):
        self.script.run(reads=True, rest=rest)
        self.steps.append([])

    def _add(self, when, name, *operands):
        self.steps[-1].append(_Event(when, name, operands))


@dataclass
class Judged:
    """What came of a sequence.

    Members
    -------
    wrong : str or None
        What is not allowed.
    responses : list of (step, cycle, port, kind, old)
        All responses; `old` if only PTEs that have been overwritten can have made it.
    exact : int
        How many of them there was no choice about.
    retries : int
        How often an update found its PTE changed and walked again.
    """

    wrong: str | None = None
    responses: list = field(default_factory=list)
    exact: int = 0
    retries: int = 0


def judge(bench: Bench, sequence: Sequence) -> Judged:
    """Runs `sequence`; what is wrong names the step, and has the trace with it."""
    judged, history, base = Judged(), History(), 0
    steps = zip(sequence.steps, bench.run(sequence.script), strict=False)
    for number, (events, trace) in enumerate(steps):
        step = _Step(history, base, events, trace)
        wrong = step.judge(judged, number)
        if wrong:
            judged.wrong = f"{sequence.id}, step {number}: {wrong}\n{events}\n{trace}"
            return judged
        base += trace.cycles + 1
        # A locked read is followed by a write, unless the PTE has changed.
        judged.retries += sum(read[3] for read in trace.reads) - sum(m[4] for m in trace.memory)
    return judged


class _Step:
    """One run under judgement; `base` is its first cycle."""

    def __init__(self, history: History, base: int, events, trace: Trace):
        self._history, self._base, self._trace = history, base, trace
        self._requests = {e.operands[0]: (e.operands[1], e.when) for e in events if e.name == "ask"}
        self._contexts = sorted(
            ((e.when, e.operands[0]) for e in events if e.name == "context"), key=lambda c: c[0]
        )
        self._fences = sorted(
            ((e.when, *e.operands) for e in events if e.name == "fence"), key=lambda f: f[0]
        )

    def judge(self, judged: Judged, number: int) -> str | None:
        trace, history, base = self._trace, self._history, self._base
        history.forget(base)
        if trace.unfinished:
            return "no response"
        if trace.violations:
            return trace.violations[0]
        for when, request in self._contexts:
            if request.sv39:
                history.root(request.asid, request.root, base + when)
        for cycle, address, value, *_ in trace.memory:
            history.write(address, value, base + cycle)
        fences = iter([*self._fences, (1 << 40, None, None)])
        fence = next(fences)
        for cycle, port, kind, pa, device in trace.responses:
            while fence[0] < cycle:
                history.fence(fence[1], fence[2], base + fence[0])
                fence = next(fences)
            if port == UPDATE:
                wrong = self._judge_update(cycle, kind)
                judged.responses.append((number, cycle, port, kind, False))
            else:
                wrong = self._judge_response(judged, number, cycle, port, (kind, pa, bool(device)))
            if wrong:
                return wrong
        while fence[0] <= trace.cycles:
            history.fence(fence[1], fence[2], base + fence[0])
            fence = next(fences)
        if {port for _, port, *_ in trace.responses} != self._requests.keys():
            return "a port has no response"
        if UPDATE not in self._requests and any(mine for *_, mine, _ in trace.memory):
            return "it wrote although nobody asked for an update"
        return None

    def _judge_response(self, judged, number, cycle, port, given):
        request, when = self._request(port, cycle)
        paths = self._history.paths(request, self._base + when, self._base + cycle)
        fitting = [path for path in paths if _as_given(path) == given]
        if not fitting:
            allowed = sorted({_as_given(path) for path in paths})
            return f"the {PORTS[port]} port said {given} in cycle {cycle}, allowed are {allowed}"
        old = not any(path.current for path in fitting)
        judged.responses.append((number, cycle, port, given[0], old))
        judged.exact += len({_as_given(path) for path in paths}) == 1
        return None

    def _request(self, port, cycle):
        """What stands on `port` in `cycle`, in the context of that cycle, and since when."""
        request, when = self._requests[port]
        for changed, context in self._contexts:
            if changed <= cycle:
                request = Request(
                    request.va,
                    request.access,
                    request.priv,
                    context.sv39,
                    context.root,
                    context.asid,
                    context.sum_,
                    context.mxr,
                    context.adue,
                    request.mprv,
                    request.mpp,
                )
        return request, when

    def _judge_update(self, cycle, kind):
        request, when = self._request(UPDATE, cycle)
        base, history = self._base, self._history
        writes = [
            (address, value, before)
            for _, address, value, before, mine, _ in self._trace.memory
            if mine
        ]
        outcomes = {_updated(p) for p in history.updates(request, base + when, base + cycle)}
        if (kind, *writes) not in outcomes:
            return f"the update ended with {kind} and wrote {writes}, allowed are {outcomes}"
        return None


def _as_given(path: Path):
    response = path.response
    return (
        (response.kind, response.pa, response.device)
        if response.kind == "ok"
        else (response.kind, 0, False)
    )


def _updated(path: Path):
    """How an update ends that reads this: kind, then maybe (address, value, before)."""
    response = path.response
    if response.kind == "update":
        return "ok", (response.leaf, response.written, path.leaf)
    if response.kind == "access" and path.leaf is not None and path.leaf & (R | X):
        # The physical address alone forbids it, which the update does not look at.
        return ("ok",)
    return (response.kind,)
