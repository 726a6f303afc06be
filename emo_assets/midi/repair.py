"""Damaged and packed MIDI files, read as players read them.

Only files that the reader rejects are unpacked or rewritten, so reading good files takes no longer.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from emo_assets.midi.errors import MidiError
from emo_assets.midi.note_ends import end_notes
from emo_assets.midi.parser import MAX_FILE_BYTES
from emo_assets.midi.rewrite import LOSSES, Repair, rewrite

GZIP_PIECE = 256
"""Bytes unpacked at once; damage costs no more than one piece before it."""

Result = TypeVar("Result")


def read_repaired(content: bytes, read: Callable[[bytes], Result]) -> tuple[Result, tuple[str, ...]]:
    """Read a MIDI file, repairing it if `read` rejects it.

    Args:
        content: the file's bytes.
        read: reads a file, and raises `MidiError` if it cannot.

    Returns:
        What `read` returned, and the repairs: texts of `Repair`, with ": " and a number for `LOSSES`.

    Raises:
        MidiError: the file cannot be read even so. The error is that of the file without a container, and
            holds the repairs that were tried.
    """
    try:
        return read(content), ()
    except MidiError as error:
        if len(content) > MAX_FILE_BYTES:
            raise
        fault = error
    repairs: Counter[Repair] = Counter()
    unpacked = _unpack(content, repairs)
    if repairs:
        try:
            return read(unpacked), _texts(repairs)
        except MidiError as error:
            fault = error
    try:
        return _read_with_ends(rewrite(unpacked, repairs), read, repairs), _texts(repairs)
    except MidiError:
        raise MidiError(fault.stage, str(fault), _texts(repairs)) from fault


def _read_with_ends(content: bytes, read: Callable[[bytes], Result], repairs: Counter[Repair]) -> Result:
    """Read a rewritten file, with ends for its notes if it has no others."""
    try:
        return read(content)
    except MidiError as error:
        if error.stage != "notes":
            raise
        return read(end_notes(content, repairs))


def costs_messages(repair: str) -> bool:
    """Tell from the text of a repair whether it cost messages, a tail or the ends of notes."""
    return ": " in repair


def _texts(repairs: Counter[Repair]) -> tuple[str, ...]:
    return tuple(
        f"{repair}: {repairs[repair]}" if repair in LOSSES else repair.value
        for repair in Repair
        if repairs[repair]
    )


def _unpack(content: bytes, repairs: Counter[Repair]) -> bytes:
    """Return the file inside of gzip and of what precedes its header.

    Raises:
        MidiError: the gzip stream is damaged from its start, or holds more than `MAX_FILE_BYTES`.
    """
    if content.startswith(b"\x1f\x8b"):
        content = _gunzip(content, repairs)
    start = content.find(b"MThd")
    if start > 0:
        is_macbinary = start == 128 and not content[0]
        before = Repair.MACBINARY if is_macbinary else Repair.PREFIX
        repairs[Repair.RIFF if content.startswith(b"RIFF") else before] += 1
        content = content[start:]
    return content


def _gunzip(content: bytes, repairs: Counter[Repair]) -> bytes:
    """Return what a gzip stream holds before its end or its first damage."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = bytearray()
    with suppress(zlib.error):
        for start in range(0, len(content), GZIP_PIECE):
            piece = content[start : start + GZIP_PIECE]
            unpacked += unpacker.decompress(piece, MAX_FILE_BYTES + 1 - len(unpacked))
            if len(unpacked) > MAX_FILE_BYTES:
                raise MidiError("limits", f"the file unpacks to more than {MAX_FILE_BYTES} bytes")
    if not unpacked:
        raise MidiError("parse", "the gzip stream is damaged")
    repairs[Repair.GZIP] += 1
    repairs[Repair.PACKED_TAIL] += not unpacker.eof
    return bytes(unpacked)
