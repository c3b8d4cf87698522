"""What user programs see of the kernel: numbers of system calls, and two releases of xv6."""

from enum import Enum, IntEnum

__all__ = [
    "AUTO",
    "MADV_DONTNEED",
    "MAP_ANONYMOUS",
    "MAP_PRIVATE",
    "MAP_SHARED",
    "PROT_EXEC",
    "PROT_READ",
    "PROT_WRITE",
    "SBRK_EAGER",
    "SBRK_LAZY",
    "Abi",
    "Syscall",
]


class Syscall(IntEnum):
    """Numbers of the system calls, in a7."""

    FORK = 1
    EXIT = 2
    WAIT = 3
    PIPE = 4
    READ = 5
    KILL = 6
    EXEC = 7
    FSTAT = 8
    CHDIR = 9
    DUP = 10
    GETPID = 11
    SBRK = 12
    #: `pause` in the release of 2025.
    SLEEP = 13
    UPTIME = 14
    OPEN = 15
    WRITE = 16
    MKNOD = 17
    UNLINK = 18
    LINK = 19
    MKDIR = 20
    CLOSE = 21
    # Those of the course's next labs begin where the page-table lab has put its own.
    PGACCESS = 30
    MMAP = 31
    MUNMAP = 32
    MADVISE = 33
    MINCORE = 34
    VMPRINT = 35


class Abi(Enum):
    """Which release the kernel behaves as; docs/kernel.md lists in what they differ."""

    #: That of 2022 with the lab's `sbrk(n)`, which only promises pages; shrinking below zero is
    #: refused.
    LAB = "lab"
    #: The release of 2025: `sbrk(n, type)`; shrinking below zero changes nothing, but is no error.
    RELEASE_2025 = "2025"


#: In place of a value of `Abi`: each program's own.
AUTO = "auto"

#: Second argument of `sbrk` in the release of 2025. Any value but SBRK_EAGER means lazy.
SBRK_EAGER = 1
SBRK_LAZY = 2

#: What `madvise` knows: the pages are not needed any more. The number is Linux's.
MADV_DONTNEED = 4

#: What may be done to the pages of an area that `mmap` makes, and what kind it is of. The numbers
#: are the lab's, which are Linux's, and Linux's.
PROT_READ = 1
PROT_WRITE = 2
PROT_EXEC = 4
MAP_SHARED = 0x01
MAP_PRIVATE = 0x02
MAP_ANONYMOUS = 0x20
