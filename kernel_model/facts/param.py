"""Limits of processes, files, pipes and the console, as in xv6; and the clock."""

from kernel_model.facts.abi import Abi

__all__ = [
    "BSIZE",
    "CONSOLE",
    "CONSOLEINO",
    "DATA_BLOCKS",
    "DIRSIZ",
    "FSSIZE",
    "INPUT_BUF_SIZE",
    "MAXARG",
    "MAXFILE",
    "MAXOPBLOCKS",
    "MAXPATH",
    "MAXSTACK",
    "MIN_QUANTUM",
    "NAREA",
    "NDEV",
    "NDIRECT",
    "NFILE",
    "NINDIRECT",
    "NINODES",
    "NOFILE",
    "NPROC",
    "PGACCESS_PAGES",
    "PIPESIZE",
    "QUANTUM",
    "ROOTDEV",
    "ROOTINO",
    "TICK",
    "USERSTACK",
]

#: Pages of a user stack, and the most that `--stack-pages` lets it grow to.
USERSTACK = 1
MAXSTACK = 1 << 16
#: Most pages that `pgaccess` tells about at once.
PGACCESS_PAGES = 512
#: One more than the most arguments that `exec` takes: the null pointer behind them counts.
MAXARG = 32
#: Bytes of the longest path name, with its NUL.
MAXPATH = 128
#: Most processes at once, init included.
NPROC = 64
#: Most files that a process has open at once.
NOFILE = 16
#: Most areas of a process's memory that `mmap` has made.
NAREA = 16

#: Cycles that a process runs before the timer interrupts it. `time` counts cycles.
QUANTUM = 10_000
#: The least quantum, and what the timer leaves at least to who returns to user mode: there has to
#: be room for the first instruction after `sret`, which misses every TLB. Slow memory needs more
#: (`Kernel.least_turn`).
MIN_QUANTUM = 1_000
#: Cycles of one tick, the unit of `uptime`.
TICK = 10_000

#: Open files of all processes.
NFILE = 100
#: Bytes of a name in a directory.
DIRSIZ = 14

#: Bytes of a block.
BSIZE = 1024
#: Blocks of a file: those that its inode lists, and those that its indirect block lists.
NDIRECT = 12
NINDIRECT = BSIZE // 4
MAXFILE = NDIRECT + NINDIRECT
#: A write to a file is done in parts of at most (MAXOPBLOCKS - 4) / 2 blocks.
MAXOPBLOCKS = 10
#: Blocks of the disk that the kernel in C keeps in memory.
NBUF = 3 * MAXOPBLOCKS

#: Blocks of the disk, and inodes; inode 0 is not used.
FSSIZE = 2000
NINODES = 200
#: Blocks for what is in files. The others, as `mkfs` lays them out: boot and super block, the log,
#: 16 inodes a block, and the map of the blocks in use. Since 2025 the log's header has a block of
#: its own.
DATA_BLOCKS = {
    abi: FSSIZE - (2 + 3 * MAXOPBLOCKS + header + (NINODES // 16 + 1) + 1)
    for abi, header in ((Abi.LAB, 0), (Abi.RELEASE_2025, 1))
}
#: Number of the disk, and of the inodes of the root directory and of `/console`.
ROOTDEV = 1
ROOTINO = 1
CONSOLEINO = 2

#: Major numbers of devices are below NDEV; CONSOLE is the only one that has a driver.
NDEV = 10
CONSOLE = 1

#: Bytes that a pipe holds, and of console input that nobody has read.
PIPESIZE = 512
INPUT_BUF_SIZE = 128
