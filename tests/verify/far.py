"""A check's tasks on the workers of a Dask cluster, instead of processes of this machine.

A worker does its tasks in a process of its own, whose main thread is theirs: some need signals.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path

from sim.spread.cluster import KILLED, connected
from sim.spread.engine import Lost
from sim.spread.sources import VERIFICATION
from tests.verify.check import Check, Failure, Tally

__all__ = ["Errand", "FarPool", "serve"]

ROOT = Path(__file__).resolve().parents[2]
#: Seconds for which a worker has something to do until it is asked again.
ENOUGH = 2.0


class FarPool:
    """As `tests.verify.pool.Pool`: runs what `check` does on (part, task).

    Parameters
    ----------
    check : Check
        Of a class that can be imported.
    scheduler : str
        The address of the cluster's scheduler.
    """

    def __init__(self, check: Check, scheduler: str):
        self._check, self._scheduler, self._cluster = check, scheduler, None
        self._size = 1

    @contextmanager
    def running(self):
        """While it lasts there is a connection. Raises SpreadError."""
        with connected(self._scheduler, 1, VERIFICATION) as self._cluster:
            yield

    def results(self, tasks: Iterable, *, in_order: bool = True) -> Iterator[tuple]:
        """(task, result) of each of `tasks`; a task that kills its workers is a failure."""
        tasks = iter(tasks)
        first = list(islice(tasks, 1))  # with it comes what the check finds out beforehand
        errand = Errand(type(self._check), self._check.options, self._check.state())
        self._size = 1
        bundles = self._bundles(chain(first, tasks))
        for bundle, done in self._cluster.results(errand, bundles, in_order=in_order):
            if isinstance(done, Lost):
                yield from self._singly(errand, bundle)
                continue
            seconds, results = done
            if seconds < ENOUGH / 2 and len(bundle) == self._size:
                self._size *= 2
            yield from zip(bundle, results, strict=True)

    def _bundles(self, tasks):
        while bundle := list(islice(tasks, self._size)):
            yield bundle

    def _singly(self, errand, bundle):
        """The tasks of a bundle that was lost: one of them may be the cause."""
        if len(bundle) == 1:
            yield bundle[0], _lost(*bundle[0])
            return
        for task in bundle:
            ((_, done),) = self._cluster.results(errand, [[task]])
            yield task, _lost(*task) if isinstance(done, Lost) else done[1][0]


def _lost(part, task):
    number = task.start if isinstance(task, range) else task if isinstance(task, int) else None
    return Tally(failures=[Failure(f"{part}, {task}: {KILLED.reason}", number)])


class Errand:
    """What is done for a check, as `sim.spread.engine.Work`."""

    def __init__(self, check: type[Check], options, state):
        self._start = pickle.dumps((check, options, state))
        self._idle = []

    def __getstate__(self):
        return {"_start": self._start, "_idle": []}

    def kind(self, task):
        """Nothing is prepared: what is compiled, each machine has in its cache."""

    def prepare(self, kind):
        """Never asked for."""
        raise NotImplementedError

    def do(self, task, made) -> tuple[float, list[Tally]]:
        """Seconds, and what comes of a list of tasks.

        Raises what one of them raises; ends the worker if its process has ended.
        """
        servant = self._idle.pop() if self._idle else _Servant(self._start)
        start = time.monotonic()
        try:
            raised, result = servant.ask(task)
        except (OSError, EOFError, pickle.UnpicklingError):
            # So it counts as any death, and is tried elsewhere.
            os._exit(1)
        self._idle.append(servant)
        if raised:
            raise result
        return time.monotonic() - start, result

    def __del__(self):
        for servant in self._idle:
            servant.end()


class _Servant:
    """A process that does tasks, and ends when nobody is there to give it any."""

    def __init__(self, start: bytes):
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.verify.far"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._process.stdin.write(start)

    def ask(self, task):
        """Whether the task has raised something, and what; or its result."""
        pickle.dump(task, self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)

    def end(self):
        """Lets it end."""
        with suppress(OSError):
            self._process.stdin.close()
            self._process.stdout.close()
        self._process.wait()


def serve(source, target) -> None:
    """Does the tasks that come from `source`, a file of pickles, and puts results to `target`."""
    kind, options, state = pickle.load(source)
    check = kind(options)
    check.adopt(state)
    while True:
        try:
            tasks = pickle.load(source)
        except EOFError:
            return
        try:
            answer = False, [check.work(*task) for task in tasks]
        except Exception as error:
            answer = True, error
        target.write(_pickled(answer))
        target.flush()


def _pickled(answer) -> bytes:
    try:
        data = pickle.dumps(answer)
        pickle.loads(data)
        return data
    except Exception:
        return pickle.dumps((True, RuntimeError(f"{type(answer[1]).__name__}: {answer[1]}")))


def _main():
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed meanwhile is no answer
    with os.fdopen(os.dup(0), "rb") as source:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        serve(source, target)


if __name__ == "__main__":
    _main()
