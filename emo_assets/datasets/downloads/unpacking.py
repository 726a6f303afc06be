"""Unpacking a tar archive that is not trusted: streamed, within limits, whole or not at all.

Only plain files and folders are taken; whatever else an archive may hold (links, devices, paths that lead
out, names that stand twice) makes it refused as a whole. What the files are for is not known here.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

CHUNK = 2**18
"""Bytes that are read at a time."""

LARGEST_HEADER = 2**16
"""Bytes. What stands before a file's content: its header, its long name and its extensions."""

MARK = ".unfinished"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Attributes:
        members: files and folders.
        file_bytes: bytes of one file.
        total_bytes: bytes of all of it unpacked, headers and padding too.
    """

    members: int
    file_bytes: int
    total_bytes: int


class ArchiveError(InputError):
    """An archive is damaged, or holds what it must not."""


def unpack(archive: Path, out: Path, *, limits: Limits, progress: Progress = no_progress) -> Path:
    """Unpack the top folder of a `.tar.gz` to a place of its own.

    It is unpacked beside its place and renamed when it is complete, so a folder that is there is complete;
    what an earlier, killed call left behind is removed.

    Args:
        archive: the archive. It holds a folder called like `out`.
        out: where that folder goes; it must not exist yet.
        limits: what the archive may hold.
        progress: told of the bytes of the archive that are read.

    Returns:
        `out`.

    Raises:
        ArchiveError: the archive is damaged, is no archive, breaks a limit, holds anything but files and
            folders, has a path that leads out of it or stands twice, or has no folder called like `out`.
        InputError: the disk is full or cannot be written.
    """
    for left_behind in out.parent.glob(f".{out.name}.*{MARK}"):
        shutil.rmtree(left_behind)
    unfinished = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}{MARK}")
    unfinished.mkdir(parents=True)
    try:
        try:
            _unpack_all(archive, unfinished, limits, progress)
        except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RecursionError) as error:
            raise ArchiveError(f"{archive}: is damaged or no .tar.gz ({_plainly(error)})") from error
        except OSError as error:
            raise InputError(f"{out.parent}: cannot be written ({error.strerror or error})") from error
        inner = unfinished / out.name
        if not inner.is_dir():
            raise ArchiveError(f"{archive}: holds no folder {out.name}")
        inner.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return out


def _plainly(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _unpack_all(archive: Path, folder: Path, limits: Limits, progress: Progress) -> None:
    size = archive.stat().st_size
    with archive.open("rb") as packed, gzip.open(packed) as unpacked:
        stream = _Forward(unpacked, archive, limits.total_bytes)
        with tarfile.open(fileobj=stream, mode="r:", errorlevel=2) as tar:
            for count in range(limits.members + 1):
                stream.allowance = LARGEST_HEADER
                member = tar.next()
                if member is None:
                    stream.check_end()
                    progress(f"unpacking {archive.name}", size, size)
                    return
                if count == limits.members:
                    raise ArchiveError(f"{archive}: holds more than {limits.members:,} files and folders")
                stream.allowance = member.size
                _unpack_one(tar, member, folder, archive, limits)
                # tarfile keeps every member that it has seen, hundreds of thousands here.
                tar.members.clear()  # type: ignore[attr-defined]
                progress(f"unpacking {archive.name}", packed.tell(), size)


def _unpack_one(
    tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, archive: Path, limits: Limits
) -> None:
    target = folder.joinpath(*_safe_parts(member.name, archive))
    if member.isdir():
        _make_folder(target, archive)
        return
    if not member.isreg() or member.issparse():
        raise ArchiveError(
            f"{archive}: {_shown(member)} is {_kind(member)}; only files and folders are taken"
        )
    if not 0 <= member.size <= limits.file_bytes:
        raise ArchiveError(f"{archive}: {_shown(member)} has {member.size:,} bytes")
    _make_folder(target.parent, archive)
    try:
        with target.open("xb") as file:
            _copy(tar, member, file)
    except FileExistsError:
        raise ArchiveError(f"{archive}: {_shown(member)} stands in it twice") from None


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, file: IO[bytes]) -> None:
    content = tar.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{_shown(member)} has no content")
    shutil.copyfileobj(content, file, CHUNK)


def _make_folder(folder: Path, archive: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ArchiveError(f"{archive}: {folder.name[:80]!r} is both a file and a folder in it") from None


def _safe_parts(name: str, archive: Path) -> tuple[str, ...]:
    """Split a member's path, refusing one that could lead out of the folder or confuse a file system."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or any(sign in name for sign in ("\0", "\\", ":")):
        raise ArchiveError(f"{archive}: the path {name[:80]!r} could lead out of it")
    return path.parts


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"a link to {member.linkname[:80]!r}"
    return "a device" if member.isdev() else "of an unknown kind"


def _shown(member: tarfile.TarInfo) -> str:
    return repr(member.name[:80])


class _Forward(io.BufferedIOBase):
    """The unpacked bytes as `tarfile` wants them: read onwards only, never too many.

    A packed file can unpack to a thousand times its size, as one header or altogether; both are refused
    before they fill memory or disk.
    """

    def __init__(self, unpacked: gzip.GzipFile, archive: Path, total_bytes: int) -> None:
        self._unpacked = unpacked
        self._archive = archive
        self._total_bytes = total_bytes
        self._position = 0
        self._last = b""
        self.allowance = LARGEST_HEADER

    def tell(self) -> int:
        """Return how many bytes have been read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on to `offset`; a place that has been passed is not gone back to."""
        while self._position < offset and self._take(min(offset - self._position, CHUNK)):
            pass
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, at most as many as are left of the allowance."""
        if size is None or not 0 <= size <= self.allowance:
            raise ArchiveError(f"{self._archive}: has a header larger than {LARGEST_HEADER:,} bytes")
        self.allowance -= size
        self._last = self._take(size)
        return self._last

    def check_end(self) -> None:
        """Refuse an archive after whose last member there is anything but the zeros that end it.

        `tarfile` takes a broken header for the end. Reading up to the end lets gzip check its sum, too.
        """
        while not any(self._last):
            self._last = self._take(CHUNK)
            if not self._last:
                return
        raise ArchiveError(f"{self._archive}: is damaged: a header in it cannot be read")

    def _take(self, size: int) -> bytes:
        content = self._unpacked.read(size)
        self._position += len(content)
        if self._position > self._total_bytes:
            raise ArchiveError(f"{self._archive}: unpacks to more than {self._total_bytes:,} bytes")
        return content
