"""What is kept of a model while disks fill up and compilers die: a whole one, or none."""

import ctypes
import errno
import os
import re
from pathlib import Path

import pytest

from sim.engines import choice
from sim.engines.base import EngineError
from sim.engines.native.compiler import cxx, store
from sim.engines.native.compiler.cxx import CompilerError, compile_library
from sim.engines.native.testbench import simulator
from sim.engines.native.testbench.simulator import NotNative
from sim.host.toolchain import ToolchainError
from sim.platform.bus import Bus
from sim.platform.ram import Ram
from tests.sim.engines.native.compiler.test_model import hart_unit
from tests.sim.engines.native.testbench.benches import Circuit, Late, run
from tests.sim.scripted import ScriptedHart, load

pytestmark = pytest.mark.usefixtures("fresh")

ANSWER = 'extern "C" int answer() { return %d; }'
BASE = 0x8000_0000
CAP_DAC_OVERRIDE = 1


@pytest.fixture
def read_only():
    """Takes a folder's write permission, and from the superuser what lets him ignore that."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x2008_0522, 0)
    before, without = ((ctypes.c_uint32 * 6)() for _ in range(2))
    assert libc.capget(header, before) == 0
    folders = []

    def take(folder):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o555)
        folders.append(folder)
        libc.capget(header, without)
        without[0] &= ~(1 << CAP_DAC_OVERRIDE)
        assert libc.capset(header, without) == 0

    yield take
    libc.capset(header, before)
    for folder in folders:
        folder.chmod(0o755)


def answer(path):
    return ctypes.CDLL(str(path)).answer()


def kinds(folder):
    return sorted(path.suffix for path in folder.iterdir())


def engine(folder, said, name=None):
    def hart():
        return ScriptedHart([load(BASE)])

    bus = Bus(Ram(BASE, 4096))
    return choice.make_engine(name, hart, bus, directory=folder, say=said.append)


class TestCompilers:
    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("kill -9 $$", "it was ended by SIGKILL"),
            ("exit 4", "it says no reason, its exit status is 4"),
            (
                'echo "x.cpp: In function f:" >&2; echo "ld: No space left on device" >&2; exit 1',
                "ld: No space left on device",
            ),
        ],
    )
    def test_why_one_has_failed_is_one_line(self, compiler, tmp_path, script, reason):
        compiler(script)
        said = []

        assert engine(tmp_path / "cache", said).name == "pysim"

        (line,) = said
        assert re.fullmatch(
            rf"the engine native does not work here: \S*c\+\+ failed: {re.escape(reason)}; "
            r"the engine is pysim, some thousand times slower",
            line,
        )
        assert kinds(tmp_path / "cache") == []

    def test_one_that_is_killed_half_way_has_made_nothing(self, compiler, tmp_path):
        compiler('for out; do [ "$last" = -o ] && echo half >"$out"; last=$out; done; kill -9 $$')
        with pytest.raises(CompilerError, match=r"^\S*c\+\+ failed: it was ended by SIGKILL\n"):
            compile_library(ANSWER % 1, "test", tmp_path / "cache")
        assert kinds(tmp_path / "cache") == []
        compiler("")
        assert answer(compile_library(ANSWER % 1, "test", tmp_path / "cache")[0]) == 1

    def test_what_zig_has_filled_a_disk_with_is_taken_away(self, tmp_path, monkeypatch):
        script = tmp_path / "zig"
        script.write_text('#!/bin/sh\nmkdir -p "$ZIG_LOCAL_CACHE_DIR"; echo full >&2; exit 1\n')
        script.chmod(0o755)
        monkeypatch.setattr(cxx, "_compilers", lambda: [((str(script), "ziglang"), "1.0")])
        monkeypatch.setattr(cxx, "find_compiler", lambda: None)
        with pytest.raises(CompilerError, match="zig failed: full"):
            compile_library(ANSWER % 1, "test", tmp_path / "cache")
        assert kinds(tmp_path / "cache") == []

    def test_without_one_what_is_kept_is_not_guessed(self, tmp_path, monkeypatch):
        """Its version is part of every name."""
        said = []
        assert engine(tmp_path, said).name == "native"
        monkeypatch.setenv("CXX", "no-such-compiler")
        cxx.find_compiler.cache_clear()
        assert engine(tmp_path, said).name == "pysim"
        (line,) = said
        assert "no C++ compiler works (tried no-such-compiler)" in line


class TestDisks:
    FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @pytest.mark.parametrize("fails", [1, 2])
    def test_a_disk_that_gets_full_under_a_library_leaves_none(self, tmp_path, monkeypatch, fails):
        """While its source is written, or half of its seal."""
        said, calls = [], []

        def half(path, text):
            calls.append(path)
            path.open("w").write(text[: len(text) // 2])
            raise self.FULL

        def unsealed(made, path):
            calls.append(path)
            raise self.FULL

        monkeypatch.setattr(*((Path, "write_text", half), (cxx, "keep", unsealed))[fails - 1])
        assert engine(tmp_path, said).name == "pysim"
        assert len(calls) == 1
        (line,) = said
        assert f"cannot keep a library in {tmp_path}: No space left on device; the engine" in line
        assert kinds(tmp_path) == []

    def test_one_that_gets_full_behind_it_costs_the_next_start_some_time(
        self, tmp_path, monkeypatch, capsys
    ):
        def full(made, path):
            raise self.FULL

        with monkeypatch.context() as patch:
            patch.setattr(store, "keep", full)
            models = [hart_unit(tmp_path) for _ in range(2)]
        told = f"trapline: cannot keep files in {tmp_path}: No space left on device\n"
        assert capsys.readouterr().err.count(told) == 1
        assert [model.cached for model in models] == [False, True]
        assert kinds(tmp_path) == [".so"]
        assert list(hart_unit(tmp_path).state) == list(models[0].state)
        assert kinds(tmp_path) == [".json", ".so"]


class TestReadOnly:
    def test_what_is_there_serves(self, tmp_path, read_only, capsys):
        hart_unit(tmp_path / "cache")
        read_only(tmp_path / "cache")
        capsys.readouterr()
        assert hart_unit(tmp_path / "cache").cached
        assert capsys.readouterr().err == ""

    def test_what_is_not_cannot_be_kept_and_that_is_told(self, tmp_path, read_only):
        read_only(tmp_path / "cache")
        told = rf"cannot keep a library in {tmp_path}/cache: Permission denied"
        said = []
        assert engine(tmp_path / "cache", said).name == "pysim"
        assert re.fullmatch(rf"the engine native does not work here: {told}; .*", *said)
        with pytest.raises(EngineError, match=f"{told}$"):
            engine(tmp_path / "cache", said, "native")
        assert kinds(tmp_path / "cache") == []

    def test_what_is_damaged_there_is_not_taken(self, tmp_path, read_only, capsys):
        path, _ = compile_library(ANSWER % 1, "test", tmp_path / "cache")
        path.write_bytes(path.read_bytes()[:-70])
        read_only(tmp_path / "cache")
        with pytest.raises(CompilerError, match="^cannot keep a library in .*: Permission denied$"):
            compile_library(ANSWER % 1, "test", tmp_path / "cache")
        assert capsys.readouterr().err == f"trapline: {path} is damaged and is made anew\n"

    def test_a_testbench_stays_on_amaranths_own_engine(self, tmp_path, read_only):
        read_only(tmp_path / "cache")
        late = type("Here", (Late,), {"moments": 3, "directory": tmp_path / "cache"})
        expected = run("pysim", Circuit, counting)
        with pytest.warns(NotNative, match="cannot keep a library in .*: Permission denied$"):
            assert run(late, Circuit, counting) == expected

    def test_so_it_does_where_no_cache_can_be(self, monkeypatch):
        """Of the project's own and the user's."""

        def none():
            raise ToolchainError("cannot write to here nor there")

        monkeypatch.setattr(simulator, "cache_directory", none)
        late = type("Nowhere", (Late,), {"moments": 3, "directory": None})
        expected = run("pysim", Circuit, counting)
        with pytest.warns(NotNative, match="cannot write to here nor there"):
            assert run(late, Circuit, counting) == expected


async def counting(ctx, dut, note):
    for _ in range(6):
        note(await ctx.tick().sample(dut.total))
