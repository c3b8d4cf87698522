"""Tasks on several processes: results in the order of the tasks, and an end by Ctrl-C."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

__all__ = ["Pool"]

#: Tasks that are under way or wait, for each process: so many at most are done for nothing.
AHEAD = 4


class Pool:
    """Runs `work` on tasks, in processes that are copies of this one.

    Parameters
    ----------
    work : callable
        Takes a task and returns its result. What it keeps, a process keeps.
    jobs : int
        How many processes; 1 = this one.
    """

    def __init__(self, work: Callable, jobs: int):
        global _work
        self._work, self._jobs, self._executor = work, jobs, None
        _work = work

    @contextmanager
    def running(self):
        """While it lasts there are processes. They are gone afterwards, whatever they are doing."""
        if self._jobs == 1:
            yield
            return
        context = multiprocessing.get_context("fork")
        self._executor = ProcessPoolExecutor(self._jobs, context, initializer=_begin)
        before = set(multiprocessing.active_children())
        try:
            yield
        except BaseException:
            self._executor.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
            raise
        finally:
            self._executor.shutdown()

    def results(self, tasks: Iterable, *, in_order: bool = True) -> Iterator[tuple]:
        """(task, result) of each of `tasks`, which may be endless."""
        if self._executor is None:
            yield from ((task, self._work(task)) for task in tasks)
            return
        tasks, futures, done, next_ = enumerate(tasks), {}, {}, 0
        while True:
            room = AHEAD * self._jobs - len(futures) - len(done)
            for number, task in islice(tasks, max(room, 0)):
                futures[self._executor.submit(_run, task)] = number, task
            if not futures and not done:
                return
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                number, task = futures.pop(future)
                done[number] = task, future.result()
            while next_ in done if in_order else done:
                yield done.pop(next_ if in_order else min(done))
                next_ += 1


_work = None


def _begin():
    """Ctrl-C is the matter of this process's parent, which then terminates it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))


def _run(task):
    # A task may have started processes of its own, and ends them on its way out.
    at_once = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _work(task)
    except SystemExit:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, at_once)
