"""Tasks on the workers of a Dask cluster: one of this machine's cores, or one that is there."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from sim.spread.engine import Lost, SpreadError, Work, prepared, reason
from sim.spread.sources import PRODUCT, digest

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "connected"]

T = TypeVar("T")
R = TypeVar("R")

#: Tasks that are under way or wait, for each worker.
AHEAD = 4
#: How often a task may take its worker with it.
DEATHS = 3
#: Seconds in which a scheduler must answer, and in which there must be a worker.
PATIENCE = 30


@contextmanager
def connected(
    scheduler: str | None, workers: int, folders: tuple[str, ...] = PRODUCT
) -> Iterator["Cluster"]:
    """A cluster: that of `scheduler`, or else one of so many processes, which end with it.

    Its workers must have the same sources in `folders` as this process. Raises SpreadError.
    """
    try:
        import dask
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
    # No task of ours is worth more attempts, and none is too large for the machine.
    settings = {"distributed.scheduler.allowed-failures": DEATHS - 1}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,
            silence_logs=logging.CRITICAL + 1,
        ) as local,
        distributed.Client(local) as client,
    ):
        yield Cluster(client, digest(folders), folders)


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

    A worker that dies is replaced by whoever has started it; its tasks are done by others. What
    dies with every worker that tries it is lost, and so told.
    """

    def __init__(self, client: "Client", version: str, folders: tuple[str, ...]):
        self._client, self._version, self._folders = client, version, folders
        self._made: dict[Any, Future[Any]] = {}
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
        # As a task of its own it is sent once to each worker, and made anew if all die who have it.
        shared = self._client.submit(_same, work, pure=False)
        self._made = {}
        for kind in kinds:
            self._prepare(shared, kind)
        ended: SimpleQueue[Future[Any]] = SimpleQueue()
        numbered, next_ = enumerate(tasks), 0
        under_way: dict[Any, tuple[int, T, Future[Any]]] = {}
        done: dict[int, tuple[T, R | Lost]] = {}
        try:
            while True:
                room = AHEAD * self._count() - len(under_way) - len(done)
                for number, task in islice(numbered, max(room, 0)):
                    future = self._submit(shared, task, work.kind(task))
                    under_way[future.key] = number, task, future
                    future.add_done_callback(ended.put)
                if not under_way and not done:
                    return
                if under_way:
                    number, task, future = under_way[self._next(ended).key]
                    result = self._result(future)
                    if result is None:
                        future.add_done_callback(ended.put)
                        continue
                    del under_way[future.key]
                    done[number] = task, result[0]
                while next_ in done if in_order else done:
                    yield done.pop(next_ if in_order else min(done))
                    next_ += 1
        finally:
            self._client.cancel([future for *_, future in under_way.values()], force=True)

    def _submit(self, shared: "Future[Any]", task: Any, kind: Any) -> "Future[Any]":
        made = self._prepare(shared, kind)
        facts = self._version, self._folders
        return self._client.submit(_do, facts, shared, task, made, pure=False)

    def _prepare(self, shared: "Future[Any]", kind: Any) -> "Future[Any] | None":
        if kind is not None and kind not in self._made:
            self._made[kind] = self._client.submit(prepared, shared, kind, pure=False)
        return self._made.get(kind)

    def _result(self, future: "Future[Any]") -> tuple[Any] | None:
        """What has come of a task; None if that went with its worker, and it is done again."""
        from distributed import CancelledError, KilledWorker

        if future.status not in ("finished", "error", "cancelled"):
            return None
        try:
            result = future.result(timeout=PATIENCE)
        except KilledWorker:
            return (Lost(f"{DEATHS} workers have died of it"),)
        except CancelledError as error:
            raise SpreadError("the scheduler has given up what was under way") from error
        except TimeoutError:
            if future.status == "error":
                raise
            return None
        if isinstance(result, _Stranger):
            raise SpreadError(result.complaint)
        return (result,)

    def _next(self, ended: "SimpleQueue[Future[Any]]") -> "Future[Any]":
        """What has ended next. Raises SpreadError if nobody is there to do anything."""
        while True:
            try:
                return ended.get(timeout=1)
            except Empty:
                self._wait_for_workers()

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


class _Stranger:
    """A worker's answer to a task of another version."""

    def __init__(self, complaint: str):
        self.complaint = complaint


# What workers call.


def _same(work: Any) -> Any:
    return work


def _do(facts: tuple[str, tuple[str, ...]], work: Any, task: Any, made: Any) -> Any:
    version, folders = facts
    if digest(folders) != version:
        from distributed import get_worker

        where = get_worker().address
        return _Stranger(f"worker {where} has other sources than this Trapline: {digest(folders)}")
    return made if isinstance(made, Lost) else work.do(task, made)
