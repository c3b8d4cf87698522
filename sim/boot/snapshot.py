"""Snapshots of booted kernels as files: a run goes on from one as if it had never stopped.

A snapshot is a ZIP file with

    snapshot.json   what it is of, and the state of the devices (`sim.plain`)
    kernel, disk    the kernel's ELF, for its symbols, and the image of the disk, if there is one
    state, machine  the hart's registers, and the bus, as the engine holds them
    pages           the pages of RAM, each content once
    places          of each page that is not zero its number in RAM and in `pages`, 32 bits each

It belongs to the design that it was taken of: what the hart, the engine and the devices are made
of. Another one refuses it.
"""

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hdl
from hdl.arch import PAGE_SIZE, RAM_BASE
from kernel_model.dev.state import Console
from sim import __version__
from sim.boot.session import BootSession
from sim.config import BootConfig, ConfigError
from sim.engines.native.machine.snapshot import EngineSnapshot
from sim.engines.traps import TrapLog, TrapRecord
from sim.guests.boot_image import Booted, BootImage
from sim.plain import attributes, decode, encode, set_attributes
from sim.platform.devices.disk import Disk
from sim.platform.devices.virtqueue import Virtqueue
from sim.platform.ram import Ram

__all__ = ["SnapshotError", "check_engine", "design", "load_snapshot", "save_snapshot"]

#: What the file is, and how its parts are to be read.
_FORMAT = "trapline snapshot 1"
#: Folders whose sources make a design; the engine's C++ is among them.
_SIM = Path(__file__).parents[1]
_SOURCES = (Path(hdl.__file__).parent, _SIM / "engines", _SIM / "platform")
#: Objects that are state.
_CLASSES = (TrapLog, TrapRecord, Virtqueue)
#: What connects a device to others, and what never changes about it.
_WIRING = {"board", "windows", "_console", "_interrupt", "_disk", "image"}
#: What a machine knows besides its parts.
_MACHINE = ("_quiet_until", "_seen_instructions")
_PLACE = struct.Struct("<II")
#: What comes of reading what was never written so.
_DAMAGE = (AttributeError, LookupError, TypeError, ValueError, struct.error, ConfigError)


class SnapshotError(Exception):
    """A snapshot cannot be taken, or the file is none that fits; one line that says why."""


def save_snapshot(session: BootSession, path: Path) -> None:
    """Writes the run as it is now to `path`. Raises SnapshotError or OSError."""
    check_engine(session)
    state = session.machine.engine.snapshot()
    assert isinstance(state, EngineSnapshot)
    facts = {
        "format": _FORMAT,
        "design": design(),
        "config": session.config.as_json(),
        "image": asdict(session.image),
        "withheld": state.withheld,
        "log": encode(state.log, _CLASSES),
        "parts": {name: encode(each, _CLASSES) for name, each in _parts(session)},
    }
    pages, places = _packed(session.machine.ram)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("snapshot.json", json.dumps(facts))
        file.writestr("kernel", session.elf)
        if session.disk is not None:
            file.writestr("disk", session.disk.image)
        file.writestr("state", state.state)
        file.writestr("machine", state.machine)
        file.writestr("pages", pages)
        file.writestr("places", places)


def check_engine(session: BootSession) -> None:
    """Raises SnapshotError if the run's engine is none whose state is kept."""
    name = session.machine.engine.name
    if name != "native":
        raise SnapshotError(f"a snapshot needs the engine native, not {name}")


def load_snapshot(path: Path, console: Console, *, until: bytes = b"") -> BootSession:
    """The run in the file at `path`, with another console. Raises SnapshotError or OSError."""
    try:
        with zipfile.ZipFile(path) as file:
            facts = json.loads(file.read("snapshot.json"))
            _check(facts)
            parts = {name: file.read(name) for name in file.namelist()}
        booted = _booted(facts, parts)
        session = BootSession(booted, console, until=until)
        _put_back(session, facts, parts)
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error}") from error
    except zipfile.BadZipFile as error:
        raise SnapshotError(f"{path}: no snapshot, or not the whole of one") from error
    except _DAMAGE as error:
        raise SnapshotError(f"{path}: a damaged snapshot") from error
    return session


@cache
def design() -> str:
    """What tells a design from others: its sources, and the releases that they belong to."""
    digest = hashlib.sha256(f"{__version__} {version('amaranth')}".encode())
    for folder in _SOURCES:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".cpp"):
                digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _check(facts: dict[str, Any]) -> None:
    if facts["format"] != _FORMAT:
        raise SnapshotError(f"no snapshot of this form, {_FORMAT!r}")
    if facts["design"] != design():
        raise SnapshotError(
            f"a snapshot of another design, {facts['design'][:12]}, and this is {design()[:12]}: "
            "the hart, the engine or a device has changed since"
        )


def _parts(session: BootSession) -> Iterator[tuple[str, dict[str, Any]]]:
    """The state of all that is Python's, by name."""
    virt = session.virt
    devices = {name: getattr(virt, name) for name in ("finisher", "clint", "plic", "uart", "block")}
    for name, device in {**devices, "disk": session.disk}.items():
        if device is not None:
            held = attributes(device)
            yield name, {key: held[key] for key in held.keys() - _WIRING}
    yield "machine", {name: getattr(session.machine, name) for name in _MACHINE}


def _booted(facts: dict[str, Any], parts: dict[str, bytes]) -> Booted:
    known = {each.name for each in fields(BootConfig) if each.init}
    values = {name: value for name, value in facts["config"].items() if name in known}
    for name in ("disk", "bios"):
        values[name] = None if values[name] is None else Path(values[name])
    config = BootConfig(**values | {"engine": "native"})
    ram = Ram(RAM_BASE, config.memory_mib << 20)
    disk = Disk(parts["disk"]) if "disk" in parts else None
    return Booted(config, ram, BootImage(**facts["image"]), disk, parts["kernel"])


def _put_back(session: BootSession, facts: dict[str, Any], parts: dict[str, bytes]) -> None:
    machine, virt = session.machine, session.virt
    places: dict[str, object] = {"machine": machine, "disk": session.disk}
    for name, state in facts["parts"].items():
        each = places[name] if name in places else getattr(virt, name)
        set_attributes(each, decode(state, _CLASSES))
    pages = parts["pages"]
    machine.ram.restore(
        {
            PAGE_SIZE * page: pages[PAGE_SIZE * number : PAGE_SIZE * (number + 1)]
            for page, number in _PLACE.iter_unpack(parts["places"])
        }
    )
    log = decode(facts["log"], _CLASSES)
    state = EngineSnapshot(parts["state"], parts["machine"], facts["withheld"], log, None)
    machine.engine.restore(state)
    virt.uart.look(session.cycle)


def _packed(ram: Ram) -> tuple[bytes, bytes]:
    """The pages of RAM, each content once, and which lies where."""
    numbers: dict[bytes, int] = {}
    places = [
        _PLACE.pack(start // PAGE_SIZE, numbers.setdefault(page, len(numbers)))
        for start, page in ram.snapshot().items()
    ]
    return b"".join(numbers), b"".join(places)
