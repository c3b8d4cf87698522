"""A broken invariant of the kernel ends the run."""

__all__ = ["KernelPanic", "PANIC_STATUS"]

#: Exit status of a run that ended in a panic; that of `abort()` in a shell.
PANIC_STATUS = 134


class KernelPanic(Exception):
    """A broken invariant; the message starts with the name of the function that found it.

    Exhaustion and a user's mistakes are never a panic: they are returned as failures.
    """
