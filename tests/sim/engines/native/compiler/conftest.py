"""Compilers that do something else before they compile."""

import pytest

from sim.engines.native.compiler import cxx, store


@pytest.fixture
def fresh():
    """Neither a compiler is remembered, nor that something was told."""
    for remembered in (cxx.find_compiler, store._tell):
        remembered.cache_clear()
    yield
    cxx.find_compiler.cache_clear()


@pytest.fixture
def compiler(fresh, tmp_path, monkeypatch):
    """Puts a script before the compiler, which is `$@` behind the script's own lines."""

    real = " ".join(cxx.find_compiler()[0])

    def put(lines):
        script = tmp_path / "c++"
        version = f'[ "$1" = --version ] && exec {real} --version'
        script.write_text(f'#!/bin/sh\n{version}\n{lines}\nexec {real} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("CXX", str(script))
        cxx.find_compiler.cache_clear()

    return put
