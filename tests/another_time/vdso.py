"""Shift the wall clock of one program that asks the kernel without the C library, as every Go program does.

The kernel maps the functions that read the clock, the vDSO, into each process. At the start of the program, before its
first instruction, this replaces them by the system call and an addition. The machine's clock stays as it is, and so do
the program's timers, which go by the monotonic clock.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
_DYNAMIC, _LOAD = 2, 1
_STRTAB, _SYMTAB = 5, 6
_SYMBOL = struct.Struct("<IBBHQQ")

# clock_gettime(rdi: clock, rsi: timespec*): the call, then `seconds` more for CLOCK_REALTIME (0, or 5: the coarse one).
# gettimeofday(rdi: timeval*), time(rdi: time_t*): the same; a null pointer is allowed.
_CODE = {
    "__vdso_clock_gettime": "b8e4000000 0f05 85c0 7516 85ff 7405 83ff05 750d 48b9{seconds} 48010e c3",
    "__vdso_gettimeofday": "b860000000 0f05 85c0 7512 4885ff 740d 48b9{seconds} 48010f c3",
    "__vdso_time": "b8c9000000 0f05 48b9{seconds} 4801c8 4885ff 7403 488907 c3",
}


@dataclass(frozen=True, slots=True)
class Image:
    """The vDSO of a process: where it begins, and what it holds."""

    start: int
    content: bytes


def image_of(pid: int) -> Image:
    """Read the vDSO of a process.

    Raises:
        OSError: it has none, or may not be looked into.
    """
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
        if line.endswith("[vdso]"):
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            with Path(f"/proc/{pid}/mem").open("rb") as memory:
                memory.seek(start)
                return Image(start, memory.read(end - start))
    raise OSError(f"process {pid} has no vDSO")


def shift(pid: int, seconds: int) -> None:
    """Let the wall clock of a stopped process, which has just begun a program, be off by so many seconds.

    Raises:
        OSError: the process may not be written to, or its vDSO has no room for the code.
    """
    image = image_of(pid)
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        for offset, code in patches(image.content, seconds):
            memory.seek(image.start + offset)
            memory.write(code)


def patches(image: bytes, seconds: int) -> Iterator[tuple[int, bytes]]:
    """Yield what is to be written where: the new functions behind the image's end, and a jump to each at its old place.

    Raises:
        OSError: there is no room.
    """
    functions = dict(symbols(image))
    room = len(image.rstrip(b"\0")) + 63 & ~15
    for name, code in _CODE.items():
        if name not in functions:
            continue
        new = bytes.fromhex(code.format(seconds=struct.pack("<q", seconds).hex()))
        if room + len(new) > len(image):
            raise OSError("the vDSO has no room for other functions")
        yield room, new
        yield functions[name], b"\xe9" + struct.pack("<i", room - functions[name] - 5)
        room += len(new) + 15 & ~15


def symbols(image: bytes) -> Iterator[tuple[str, int]]:
    """Yield name and offset of every function of an ELF image (64 bit, loaded at its first byte)."""
    header, _, count = struct.unpack_from("<Q", image, 32)[0], None, struct.unpack_from("<H", image, 56)[0]
    segments = [struct.unpack_from("<IIQQQQ", image, header + 56 * number) for number in range(count)]
    base = next(address for kind, _, _, address, _, _ in segments if kind == _LOAD)
    dynamic = next(one for one in segments if one[0] == _DYNAMIC)
    entries = dict(struct.iter_unpack("<QQ", image[dynamic[2] : dynamic[2] + dynamic[5] // 16 * 16]))
    table, names = entries[_SYMTAB] - base, entries[_STRTAB] - base
    # The names follow the table in every vDSO; its length is written nowhere but in a hash.
    for name, _, _, _, value, size in _SYMBOL.iter_unpack(image[table : table + (names - table) // 24 * 24]):
        if size:
            begin = names + name
            yield image[begin : image.index(b"\0", begin)].decode(), value - base
