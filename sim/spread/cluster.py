"""Tasks on the workers of a Dask cluster: one of this machine's cores, or one that is there."""

import logging
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from sim.spread.engine import Lost, SpreadError, Work, prepared, reason
from sim.spread.sources import PRODUCT, digest

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

__all__ = ["Cluster", "connected", "dask_setup"]

T = TypeVar("T")
R = TypeVar("R")

#: Tasks that are under way or wait, for each worker.
AHEAD = 4
#: How often a task may take its worker with it, and as often once more alone.
DEATHS = 2
#: What becomes of it then.
KILLED = Lost("its worker has died, each time that it was tried")
#: Seconds in which a scheduler must answer, and in which there must be a worker.
PATIENCE = 30
#: Workers are not sampled every 10 ms for a dashboard that nobody looks at, and the loops of all
#: processes not timed every 20 ms.
_UNWATCHED = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}


@contextmanager
def connected(
    scheduler: str | None, workers: int, folders: tuple[str, ...] = PRODUCT
) -> Iterator["Cluster"]:
    """A cluster: that of `scheduler`, or else one of so many processes, which end with it.

    Its workers must have the same sources in `folders` as this process. Raises SpreadError.
    """
    try:
        import distributed
    except ImportError as error:
        raise SpreadError(
            "more than one worker needs Dask: pip install 'trapline[sweep]', or --workers 1"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        with _client(distributed.Client, scheduler) as client:
            yield Cluster(client, digest(folders), folders)
        return
    with _local(workers) as local, distributed.Client(local) as client:
        yield Cluster(client, digest(folders), folders)


@contextmanager
def _local(workers: int) -> "Iterator[LocalCluster]":
    import dask
    from distributed import LocalCluster

    # No task of ours is worth more attempts, and none is too large for the machine.
    settings = {"distributed.scheduler.allowed-failures": DEATHS - 1, **_UNWATCHED}
    with dask.config.set(settings):
        try:
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",  # any free port: 8787 may be another cluster's
                silence_logs=logging.CRITICAL + 1,
                preload=__name__,
            )
        except (OSError, RuntimeError) as error:
            raise SpreadError(f"the local cluster does not start: {reason(error)}") from error
        with local:
            yield local


@contextmanager
def _client(make: "Callable[..., Client]", scheduler: str) -> "Iterator[Client]":
    try:
        client = make(scheduler, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        raise SpreadError(f"--scheduler {scheduler}: {reason(error)}") from error
    with client:
        yield client


class Cluster:
    """An `Engine` whose workers are those of `client`.

    A worker that dies is replaced by whoever has started it; its tasks are done by others. Who dies
    may take the blame for a neighbour: so a task that several workers have died of is done once
    more with nothing beside it. If they die then, too, it is lost, and so told.
    """

    def __init__(self, client: "Client", version: str, folders: tuple[str, ...]):
        self._client, self._facts = client, (version, folders)
        self._cores, self._asked = 1, 0.0

    def results(
        self,
        work: Work[T, R],
        tasks: Iterable[T],
        *,
        kinds: Iterable[Any] = (),
        in_order: bool = False,
    ) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`."""
        self._wait_for_workers()
        sent = _Sent(self._client, self._facts, work)
        for kind in kinds:
            sent.prepare(kind)
        numbered, next_ = enumerate(tasks), 0
        done: dict[int, tuple[T, R | Lost]] = {}
        suspects: list[tuple[int, T]] = []
        try:
            while True:
                room = 0 if suspects else AHEAD * self._count() - len(sent.tasks) - len(done)
                for number, task in islice(numbered, max(room, 0)):
                    sent.send(number, task)
                if suspects and not sent.tasks:
                    sent.send(*suspects.pop(), alone=True)
                if not sent.tasks and not done:
                    return
                if sent.tasks:
                    number, task, result, alone = self._next(sent)
                    if isinstance(result, Lost) and result == KILLED and not alone:
                        suspects.append((number, task))
                    else:
                        done[number] = task, result
                while next_ in done if in_order else done:
                    yield done.pop(next_ if in_order else min(done))
                    next_ += 1
        finally:
            sent.cancel()

    def _next(self, sent: "_Sent") -> tuple[int, Any, Any, bool]:
        """What has ended next. Raises SpreadError if nobody is there to do anything."""
        while True:
            try:
                ended = sent.ended.get(timeout=1)
            except Empty:
                self._wait_for_workers()
                continue
            found = sent.take(ended)
            if found is not None:
                return found

    def _wait_for_workers(self) -> None:
        start = time.monotonic()
        while self._client.status != "running" or not self._workers():
            if time.monotonic() - start > PATIENCE:
                where = self._client.scheduler.address if self._client.scheduler else "?"
                raise SpreadError(f"--scheduler {where}: no worker for {PATIENCE} s")
            time.sleep(0.1)

    def _workers(self) -> int:
        try:
            return sum(self._client.nthreads().values())
        except (OSError, TimeoutError):
            return 0

    def _count(self) -> int:
        """Tasks that can be done at once, as it was a second ago."""
        if time.monotonic() > self._asked + 1:
            self._cores, self._asked = max(1, self._workers()), time.monotonic()
        return self._cores


class _Sent:
    """What one call of `Cluster.results` has sent to the scheduler, and what came back.

    Members
    -------
    tasks : dict
        Number, task, future, and whether nothing else is done meanwhile, by the key of the future.
    ended : SimpleQueue of Future
        Those that have ended and are not taken.
    """

    def __init__(self, client: "Client", facts: tuple[str, tuple[str, ...]], work: Work[Any, Any]):
        self._client, self._facts, self._work = client, facts, work
        self._made: dict[Any, Future[Any]] = {}
        self._shared = self._share()
        self.tasks: dict[Any, tuple[int, Any, Future[Any], bool]] = {}
        self.ended: SimpleQueue[Future[Any]] = SimpleQueue()

    def _share(self) -> "Future[Any]":
        """The work as a task: sent once to each worker, made anew if all die who have it."""
        return self._client.submit(_same, self._work, pure=False)

    def prepare(self, kind: Any) -> "Future[Any] | None":
        """Has made what tasks of a kind share."""
        if kind is not None and kind not in self._made:
            self._made[kind] = self._client.submit(prepared, self._shared, kind, pure=False)
        return self._made.get(kind)

    def send(self, number: int, task: Any, *, alone: bool = False) -> None:
        """Has a task done."""
        kind = self._work.kind(task)
        if alone:
            # That may have been under way when the worker died, and count as its cause.
            self._made.pop(kind, None)
            self._shared = self._share()
        made = self.prepare(kind)
        future = self._client.submit(_do, self._facts, self._shared, task, made, pure=False)
        self.tasks[future.key] = number, task, future, alone
        future.add_done_callback(self.ended.put)

    def take(self, future: "Future[Any]") -> tuple[int, Any, Any, bool] | None:
        """Number, task, result, and whether it was alone.

        None if the result went with its worker and is made again. Raises SpreadError, and what the
        task has raised.
        """
        from distributed import CancelledError, KilledWorker

        if future.key not in self.tasks:
            return None
        number, task, _, alone = self.tasks[future.key]
        result: Any = None
        try:
            here = future.status in ("finished", "error", "cancelled")
            if here:
                result = future.result(timeout=PATIENCE)
        except KilledWorker:
            result = KILLED
        except CancelledError as error:
            raise SpreadError("the scheduler has given up what was under way") from error
        except TimeoutError:
            if future.status == "error":
                raise
            here = False
        if not here:
            future.add_done_callback(self.ended.put)
            return None
        if isinstance(result, _Stranger):
            raise SpreadError(result.complaint)
        del self.tasks[future.key]
        return number, task, result, alone

    def cancel(self) -> None:
        """Gives up what is under way."""
        self._client.cancel([future for _, _, future, _ in self.tasks.values()], force=True)


class _Stranger:
    """A worker's answer to a task of another version."""

    def __init__(self, complaint: str):
        self.complaint = complaint


# What workers call.


def dask_setup(worker: object) -> None:
    """Dask asks for this as a worker of ours starts: Ctrl-C is the matter of who started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _same(work: Any) -> Any:
    return work


def _do(facts: tuple[str, tuple[str, ...]], work: Any, task: Any, made: Any) -> Any:
    version, folders = facts
    if digest(folders) != version:
        from distributed import get_worker

        where = get_worker().address
        return _Stranger(f"worker {where} has other sources than this Trapline: {digest(folders)}")
    return made if isinstance(made, Lost) else work.do(task, made)
