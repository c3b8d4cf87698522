import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.host import own_kernel, own_programs, programs, toolchain
from sim.host.toolchain import ToolchainError
from tests.sim.elf import PF_R, PF_W, PF_X, segments


def test_ctrl_c_that_ends_the_compiler_is_no_mistake_in_the_program(cache, monkeypatch):
    """The terminal sends it to the compiler, too, even while a run keeps it from the simulator."""
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"]
    monkeypatch.setattr(toolchain, "_compiler", lambda extensions: command)

    with pytest.raises(KeyboardInterrupt):
        toolchain.run_compiler([Path("x.c")], cache / "x.elf", [])


def test_second_build_comes_from_the_cache(cache, monkeypatch):
    first = programs.build_program("hello")
    monkeypatch.setattr(programs, "compile_strictly", None)

    assert programs.build_program("hello") == first
    assert list(cache.iterdir()) == [first]


def test_changed_source_or_define_is_another_program(cache, tmp_path):
    source = tmp_path / "count.S"
    source.write_text(".globl _start\n_start: li a0, COUNT\n")
    one = programs.build_bare(source, {"COUNT": 1})
    two = programs.build_bare(source, {"COUNT": 2})
    source.write_text(".globl _start\n_start: li a1, COUNT\n")
    changed = programs.build_bare(source, {"COUNT": 1})

    assert len({one, two, changed}) == 3
    assert len({path.read_bytes() for path in (one, two, changed)}) == 3


def test_two_processes_may_build_at_once(tmp_path):
    environment = dict(os.environ, XDG_CACHE_HOME=str(tmp_path))
    # Away from the checkout's own cache, as in an installed package.
    for package in ("hdl", "kernel_model", "sim", "programs"):
        shutil.copytree(package, tmp_path / package)
    code = "from sim.host.programs import *; print(build_program('hello').stat().st_size)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    sizes = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert sizes[0] == sizes[1]
    assert len(list((tmp_path / "trapline").glob("hello-*.elf"))) == 1


def test_home_need_not_be_writable(cache, monkeypatch):
    monkeypatch.setenv("HOME", "/proc/nowhere")

    assert programs.build_program("hello").is_file()


def test_compile_error_carries_the_compilers_message(tmp_path, cache):
    source = tmp_path / "broken.c"
    source.write_text("int main(void) { return nonsense; }\n")

    with pytest.raises(ToolchainError) as caught:
        programs.compile_user([source], tmp_path / "broken.elf")

    assert str(caught.value).splitlines()[0] == f"cannot compile {source}:"
    assert "nonsense" in str(caught.value)


def test_missing_source_is_named(tmp_path, cache):
    with pytest.raises(ToolchainError, match=r"cannot read .*gone\.c: No such file"):
        programs.build_user(tmp_path / "gone.c")


def test_without_a_compiler_the_message_says_what_to_install(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(toolchain, "_zig_version", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    toolchain.compiler_version.cache_clear()

    with pytest.raises(ToolchainError, match="no RISC-V compiler: pip install .*ziglang"):
        programs.build_program("hello")


def test_gcc_serves_where_ziglang_is_missing(cache, monkeypatch, tmp_path):
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        # `.ci/run` sets it, and there nothing is skipped.
        assert os.environ.get("TRAPLINE_REQUIRE_GCC") != "1"
        pytest.skip("no riscv64-unknown-elf-gcc on PATH")
    monkeypatch.setattr(toolchain, "_zig_version", lambda: None)
    toolchain.compiler_version.cache_clear()
    text, data = segments(programs.build_program("lazy"))
    programs.bundled_files()
    source = tmp_path / "own.c"
    source.write_text('#include <stdio.h>\nmain() { printf("%5d", 1); }\n')
    own = segments(own_programs.compile_program([source], tmp_path / "own"))
    kernel = segments(own_kernel.compile_kernel(tmp_path / "kernel"))
    toolchain.compiler_version.cache_clear()

    assert (text["p_vaddr"], text["p_flags"]) == (0, PF_R | PF_X)
    assert data["p_flags"] == PF_R | PF_W
    assert [segment["p_flags"] for segment in own] == [PF_R | PF_X, PF_R | PF_W]
    assert kernel[0]["p_vaddr"] == 0x8000_0000
