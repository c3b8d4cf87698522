"""Which compiler is taken, and that what it made is kept."""

import ctypes
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from sim.engines.native.compiler import cxx
from sim.engines.native.compiler.cxx import CompilerError, compile_library, find_compiler

ANSWER = 'extern "C" int answer() { return %d; }'


@pytest.fixture(autouse=True)
def fresh():
    """No compiler is remembered, neither before nor after."""
    find_compiler.cache_clear()
    yield
    find_compiler.cache_clear()


def answer(path):
    return ctypes.CDLL(str(path)).answer()


def test_a_library_is_compiled_once(tmp_path):
    path, cached = compile_library(ANSWER % 42, "test", tmp_path)
    assert answer(path) == 42
    assert not cached
    assert compile_library(ANSWER % 42, "test", tmp_path) == (path, True)


def test_a_compiler_that_can_is_called_once(monkeypatch, tmp_path):
    calls = []
    failure_of = cxx._failure
    monkeypatch.setattr(cxx, "_failure", lambda *given: calls.append(given) or failure_of(*given))
    assert answer(compile_library(ANSWER % 43, "test", tmp_path)[0]) == 43
    assert len(calls) == 1


def test_how_much_it_optimises_is_for_the_environment_to_say(tmp_path):
    """Where it is told otherwise, nothing is taken that was made as usual."""
    told = "from sim.engines.native.compiler.cxx import *; from pathlib import Path; import sys;"
    make = f"print(LEVEL, compile_library({ANSWER % 44!r}, 'test', Path(sys.argv[1]))[0])"
    made = [
        subprocess.run(
            [sys.executable, "-c", told + make, tmp_path],
            env={**os.environ, "TRAPLINE_CXX_LEVEL": level},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for level in ("", "-O1")
    ]
    assert [level for level, _ in made] == ["-O2", "-O1"]
    assert len({path for _, path in made}) == 2


def test_files_are_compiled_side_by_side(tmp_path):
    """They know each other by what they declare, and each belongs to the library's name."""
    sources = [f"extern int other();\n{ANSWER % 40}".replace("40", "40 + other()")]
    paths = set()
    for number in (2, 3):
        other = f"int other() {{ return {number}; }}"
        path, cached = compile_library(sources[0], "test", tmp_path, others=[other])
        assert not cached
        assert answer(path) == 40 + number
        paths.add(path)
        assert compile_library(sources[0], "test", tmp_path, others=[other]) == (path, True)
    assert len(paths) == 2


def test_what_is_compiled_side_by_side_is_linked_then(monkeypatch, tmp_path):
    calls = []
    run_tools = cxx.run_tools
    monkeypatch.setattr(
        cxx, "run_tools", lambda *given: calls.append(given[0]) or run_tools(*given)
    )
    compile_library(ANSWER % 44, "test", tmp_path)
    compile_library(ANSWER % 45, "test", tmp_path, others=["int other;"])
    assert [len(commands) for commands in calls] == [1, 2, 1]


def test_what_is_wrong_with_any_of_them_is_passed_on(tmp_path):
    with pytest.raises(CompilerError, match=r"failed: .*error: .*nonsense.*\n(.*\n)*.*nonsense"):
        compile_library(ANSWER % 1, "test", tmp_path, others=["nonsense"])
    assert not list(tmp_path.glob("*.so"))


def test_another_source_or_level_is_another_library(tmp_path):
    paths = {
        compile_library(ANSWER % number, "test", tmp_path, level)[0]
        for number in (1, 2)
        for level in ("-O0", "-O1")
    }
    assert len(paths) == 4


def test_nothing_but_libraries_stays(tmp_path):
    path, _cached = compile_library(ANSWER % 1, "test", tmp_path)
    assert [p for p in tmp_path.iterdir() if p.name != "zig"] == [path]


def test_two_may_compile_the_same_at_once(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _n: compile_library(ANSWER % 7, "test", tmp_path), range(2)))
    assert made[0][0] == made[1][0]
    assert answer(made[0][0]) == 7


def test_what_the_compiler_says_is_passed_on(tmp_path):
    with pytest.raises(CompilerError, match=r"failed: .*error: .*nonsense.*\n(.*\n)*.*nonsense"):
        compile_library("nonsense", "test", tmp_path)
    assert not list(tmp_path.glob("*.so"))


def fake(path, script):
    """A compiler, or what passes for `ziglang` by its name."""
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo fake 1.0 && exit\n{script}')
    path.chmod(0o755)
    return str(path)


def test_what_zig_keeps_is_given_up_if_it_is_damaged(monkeypatch, tmp_path):
    """Zig links damaged files of its cache, and does not always say so."""
    whole, _version = find_compiler()
    kept = tmp_path / "cache" / "zig"
    kept.mkdir(parents=True)
    script = f'[ -d "$ZIG_LOCAL_CACHE_DIR" ] && exit %d\nshift; {" ".join(whole)} "$@"'
    for status in (0, 1):
        kept.mkdir(exist_ok=True)
        broken = fake(tmp_path / "ziglang", script % status)
        monkeypatch.setattr(cxx, "_candidates", lambda broken=broken: [(broken, "ziglang")])
        find_compiler.cache_clear()
        source = f"#include <cstddef>\n{ANSWER % status}"
        assert answer(compile_library(source, "test", kept.parent)[0]) == status


def test_a_library_that_cannot_be_loaded_is_no_library(monkeypatch, tmp_path):
    lazy = fake(tmp_path / "lazy", 'while [ "$1" != -o ]; do shift; done\necho x >"$2"')
    monkeypatch.setenv("CXX", lazy)
    with pytest.raises(CompilerError, match="lazy makes a library that cannot be loaded"):
        compile_library(ANSWER % 1, "test", tmp_path)
    assert not list(tmp_path.glob("*.so"))


def test_the_environment_chooses(monkeypatch, tmp_path):
    script = tmp_path / "my c++"
    script.write_text("#!/bin/sh\necho mine 1.0\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", f"'{script}' -pipe")
    assert find_compiler() == ((str(script), "-pipe"), "mine 1.0")


def test_what_is_on_the_path_comes_before_ziglang(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    command, version = find_compiler()
    name = next((n for n in ("g++", "clang++") if shutil.which(n)), None)
    assert command == (name,) or (name is None and command[1:] == ("-m", "ziglang", "c++"))
    assert version


def test_without_a_compiler_it_says_what_was_tried(monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/c++ -O9")
    with pytest.raises(CompilerError, match=r"no C.* works \(tried /nowhere/c\+\+ -O9\)"):
        find_compiler()


def test_so_it_does_of_one_that_fails_at_once(monkeypatch, tmp_path):
    script = tmp_path / "c++"
    script.write_text("#!/bin/sh\necho broken 1.0\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    with pytest.raises(CompilerError, match=r"no C.* works \(tried .*/c\+\+"):
        find_compiler()


def test_without_any_candidate_it_names_them(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(cxx.shutil, "which", lambda name: None)
    monkeypatch.setattr(cxx.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CompilerError, match=r"tried g\+\+, clang\+\+, ziglang"):
        find_compiler()


def test_a_compiler_that_cannot_compile_is_followed_by_the_next(monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo broken 1.0\n')
    broken.chmod(0o755)
    whole = cxx._candidates()
    monkeypatch.setattr(cxx, "_candidates", lambda: [(str(broken),), *whole])
    assert find_compiler() == ((str(broken),), "broken 1.0")
    assert answer(compile_library(ANSWER % 3, "test", tmp_path / "cache")[0]) == 3


def test_a_library_for_one_processor_is_not_taken_on_another(monkeypatch, tmp_path):
    path, _cached = compile_library(ANSWER % 1, "test", tmp_path)
    monkeypatch.setattr(cxx, "processor", lambda: "another")
    other, cached = compile_library(ANSWER % 1, "test", tmp_path)
    assert not cached
    assert other != path


def test_a_processor_is_what_its_model_can_do(monkeypatch):
    text = "processor: 0\nmodel name: x\ncpu MHz: 17\nflags: a b\n\nprocessor: 1\nmodel name: y\n"
    monkeypatch.setattr(cxx, "Path", lambda path: SimpleNamespace(read_text=lambda: text))
    assert cxx.processor.__wrapped__() == "model name: x\nflags: a b"


def test_ziglang_makes_no_library_of_its_own_for_plain_functions(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", f"{sys.executable} -m ziglang c++")
    begun = ["#include <stdint.h>", "#include <vector>"]
    plain, full = (tmp_path / f"{n}.cpp" for n in range(2))
    for text, line in zip((plain, full), begun, strict=True):
        text.write_text(f"{line}\n{ANSWER % 5}")
    command, _version = find_compiler()
    assert cxx._without_library(command, [plain]) == ("-nostdlib++",)
    assert cxx._without_library(command, [full]) == ()
    path, _cached = compile_library(plain.read_text(), "test", tmp_path)
    assert answer(path) == 5
