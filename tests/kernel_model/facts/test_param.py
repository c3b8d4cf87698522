"""Limits and clocks: what programs are built with, what the page says, how they hang together."""

import re

from hdl.arch import PAGE_SIZE
from kernel_model.facts import param
from kernel_model.facts.abi import Abi
from kernel_model.facts.param import (
    BSIZE,
    CONSOLE,
    DATA_BLOCKS,
    DIRSIZ,
    FSSIZE,
    INPUT_BUF_SIZE,
    MAXARG,
    MAXFILE,
    MAXPATH,
    MIN_QUANTUM,
    NAREA,
    NDEV,
    NDIRECT,
    NFILE,
    NINDIRECT,
    NINODES,
    NOFILE,
    NPROC,
    PIPESIZE,
    QUANTUM,
    TICK,
    USERSTACK,
)
from tests.kernel_model.pages import PAGE, table_under
from tests.programs.headers import constants


def test_programs_are_built_with_the_kernels_limits():
    header = constants("abi.h")
    names = "CONSOLE DIRSIZ MAXARG MAXFILE MAXPATH NAREA NFILE NOFILE NPROC".split()
    names += ["PGACCESS_PAGES", "PIPESIZE"]
    assert {name: header[name] for name in names} == {name: getattr(param, name) for name in names}
    assert header["BLOCK_SIZE"] == BSIZE


def test_limits_are_those_of_the_page():
    told = dict(table_under("Limits"))
    assert told["processes, init included"] == str(NPROC)
    assert told["arguments of `exec`; bytes of a path"] == f"{MAXARG - 1}; {MAXPATH - 1}"
    assert told["pages of stack, unless `--stack-pages` says more"] == str(USERSTACK)
    assert told["open files of a process; of all"] == f"{NOFILE}; {NFILE}"
    assert told["areas of a process"] == str(NAREA)
    assert told["bytes of a name"] == str(DIRSIZ)
    blocks = f"inodes; blocks of {BSIZE:,} bytes for data"
    lab, newer = DATA_BLOCKS[Abi.LAB], DATA_BLOCKS[Abi.RELEASE_2025]
    assert told[blocks] == f"{NINODES - 1}; {lab:,}, in 2025 {newer:,}"
    assert told["blocks of a file"] == str(MAXFILE)
    assert told["bytes in a pipe; typed ahead"] == f"{PIPESIZE}; {INPUT_BUF_SIZE}"


def test_mkfs_leaves_the_blocks_that_xv6_has():
    # xv6's mkfs: "nmeta 46 (boot, super, log blocks 30 inode blocks 13, bitmap blocks 1)
    # blocks 1954 total 2000"; in 2025 "nmeta 47 (..., log blocks 31, ...) blocks 1953"
    assert FSSIZE == 2000
    assert DATA_BLOCKS == {Abi.LAB: 1954, Abi.RELEASE_2025: 1953}


def test_one_block_has_a_bit_for_every_block():
    assert 8 * BSIZE >= FSSIZE


def test_blocks_are_listed_by_numbers_of_4_bytes():
    assert 4 * NINDIRECT == BSIZE
    assert NDIRECT + NINDIRECT == MAXFILE


def test_an_entry_of_a_directory_does_not_straddle_blocks():
    assert BSIZE % (2 + DIRSIZ) == 0


def test_what_a_pipe_holds_fits_its_frame():
    assert PIPESIZE <= PAGE_SIZE


def test_the_console_is_a_device():
    assert 0 <= CONSOLE < NDEV


def test_a_turn_and_a_tick_are_as_long_as_the_page_says():
    turn = re.search(r"A turn is ([\d,]+) cycles", PAGE.read_text())[1]
    tick = re.search(r"A tick, [^.]* is ([\d,]+) cycles", PAGE.read_text())[1]
    assert (turn, tick) == (f"{QUANTUM:,}", f"{TICK:,}")
    assert QUANTUM >= MIN_QUANTUM
