"""Unpack a tar archive from an untrusted source: streamed, within limits, whole or not at all.

Only regular files and folders are accepted; links, devices, paths outside of the archive and repeated names
are refused. `tarfile`'s own data filter would accept links within the archive, strip the root of absolute
paths, overwrite repeated names, and limits neither sizes nor headers.
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

CHUNK_BYTES = 2**18

MAX_HEADER_BYTES = 2**16
"""Size of all headers of a member, including a long name and extended attributes."""

_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Limits:
    """Limits on an archive.

    Attributes:
        members: number of files and folders.
        file_bytes: size of one file.
        total_bytes: size of the decompressed archive.
    """

    members: int
    file_bytes: int
    total_bytes: int


class ArchiveError(InputError):
    """An archive is damaged, or holds something that is not allowed."""


def unpack(archive: Path, out: Path, *, limits: Limits, progress: Progress = no_progress) -> Path:
    """Unpack the top folder of a `.tar.gz`.

    The folder is renamed to `out` when it is complete. Remains of an earlier call that was killed are
    removed.

    Args:
        archive: the archive. It holds a folder with the name of `out`.
        out: the destination of that folder; it must not exist yet.
        limits: limits on the archive.
        progress: callback(stage, bytes of the archive read, bytes in total).

    Returns:
        `out`.

    Raises:
        ArchiveError: the archive is damaged, exceeds a limit, holds anything but files and folders, has a
            path outside of it or a name twice, or has no folder with the name of `out`.
        InputError: the disk is full or cannot be written.
    """
    for left_behind in out.parent.glob(f".{out.name}.*{_UNFINISHED}"):
        shutil.rmtree(left_behind)
    unfinished = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}{_UNFINISHED}")
    unfinished.mkdir(parents=True)
    try:
        _unpack_all(archive, unfinished, limits, progress)
        inner = unfinished / out.name
        if not inner.is_dir():
            raise ArchiveError(f"{archive}: holds no folder {out.name}")
        inner.rename(out)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ArchiveError(f"{archive}: is damaged or no .tar.gz ({reason})") from error
    except OSError as error:
        raise InputError(f"{out.parent}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return out


class _LimitedReader:
    """The decompressed archive up to a limit, so that no header fills the memory."""

    def __init__(self, unpacked: gzip.GzipFile) -> None:
        self._unpacked = unpacked
        self.limit = MAX_HEADER_BYTES
        self.last_record = b""

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; `tarfile` reads records of 10 KiB."""
        self.last_record = self._unpacked.read(size)
        if self._unpacked.tell() > self.limit + size:
            raise tarfile.ReadError(f"has a header larger than {MAX_HEADER_BYTES:,} bytes")
        return self.last_record


def _unpack_all(archive: Path, folder: Path, limits: Limits, progress: Progress) -> None:
    stage, size = f"unpacking {archive.name}", archive.stat().st_size
    with archive.open("rb") as packed, gzip.open(packed) as unpacked:
        reader = _LimitedReader(unpacked)
        with tarfile.open(fileobj=reader, mode="r|") as tar:  # type: ignore[call-overload]
            for count, member in enumerate(iter(tar.next, None)):
                # A folder has no content, whatever size its header claims.
                end = member.offset_data + (member.size if member.isreg() else 0)
                if count == limits.members:
                    raise ArchiveError(f"{archive}: holds more than {limits.members:,} files and folders")
                if problem := _problem(member, limits):
                    raise ArchiveError(f"{archive}: {member.name[:80]!r} {problem}")
                if end > limits.total_bytes:
                    raise ArchiveError(f"{archive}: unpacks to more than {limits.total_bytes:,} bytes")
                reader.limit = end + MAX_HEADER_BYTES
                _extract(tar, member, folder, archive)
                tar.members.clear()  # tarfile keeps every member, hundreds of thousands here
                progress(stage, packed.tell(), size)
            rest = reader.last_record[tar.offset - unpacked.tell() :]
        # tarfile takes a broken header for the end, and gzip verifies its checksum at its own end.
        while rest and not any(rest) and unpacked.tell() <= limits.total_bytes:
            rest = unpacked.read(CHUNK_BYTES)
        if rest:
            raise tarfile.ReadError("a header in it cannot be read")
    progress(stage, size, size)


def _problem(member: tarfile.TarInfo, limits: Limits) -> str | None:
    """Return why a member is refused, None if it is not."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or any(sign in member.name for sign in "\0\\:"):
        return "is a path that could lead out of it"
    if member.issym() or member.islnk():
        return f"is a link to {member.linkname[:80]!r}; only files and folders are accepted"
    if not (member.isreg() or member.isdir()) or member.issparse():
        kind = "a device" if member.isdev() else "of an unknown kind"
        return f"is {kind}; only files and folders are accepted"
    return None if 0 <= member.size <= limits.file_bytes else f"has {member.size:,} bytes"


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, archive: Path) -> None:
    """Write a member below `folder`, without its mode and owner."""
    target = folder / member.name
    content = tar.extractfile(member)
    try:
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(content, file, CHUNK_BYTES)
    except (FileExistsError, NotADirectoryError):
        name = member.name[:80]
        raise ArchiveError(
            f"{archive}: {name!r} occurs in it twice, or as both a file and a folder"
        ) from None
