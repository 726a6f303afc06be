"""The library: the finished songs of a store, whoever made them, and their files.

Songs made by runs and by the studio stand side by side. Only names that may be a request's are ever looked
up, and a song's files are found by the store's layout, never by a path from outside.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from emo_assets.errors import InputError
from emo_assets.music_theory import format_key
from emo_assets.song_request import TrackRequest, validate_name
from emo_assets.store import Store, atomic_write


class Format(StrEnum):
    """The formats in which a song can be had."""

    WAV = "wav"
    OGG = "ogg"
    MP3 = "mp3"
    MIDI = "midi"


ENDINGS = {Format.WAV: ".wav", Format.OGG: ".ogg", Format.MP3: ".mp3", Format.MIDI: ".mid"}
MEDIA_TYPES = {
    Format.WAV: "audio/wav",
    Format.OGG: "audio/ogg",
    Format.MP3: "audio/mpeg",
    Format.MIDI: "audio/midi",
}


@dataclass(frozen=True)
class Song:
    """A finished song.

    Attributes:
        request: what was asked for.
        made: when it was finished, in seconds since 1970.
        seconds: length of the sound.
        heard: what it sounds like, measured from its notes, by the names of `metrics.song_metrics.Heard`.
        comparison: asked against measured, one row a feature.
    """

    request: TrackRequest
    made: float
    seconds: float
    heard: Mapping[str, Any]
    comparison: list[dict[str, Any]]

    @property
    def key_name(self) -> str | None:
        """The key that is heard, in words, such as "F# minor"; None where none can be heard."""
        if self.heard.get("key") is None:
            return None
        return format_key(self.heard["key"], self.heard["mode"])


def check_is_folder(store: Store) -> None:
    """Refuse a store that lies elsewhere.

    Raises:
        InputError: its base is not a folder of this machine.
    """
    if store.base.protocol not in ("", "file"):
        raise InputError(
            f"the studio serves songs from a folder of this machine, and {store.base} is none: "
            "give --store the path of a folder"
        )


class Library:
    """The finished songs of a store.

    Args:
        store: the store; its base must be a folder of this machine.

    Raises:
        InputError: the base is not a folder of this machine.
    """

    def __init__(self, store: Store) -> None:
        check_is_folder(store)
        self._store = store
        self._documents = Path(str(store.assets)) / "generated_track"
        self._known: dict[str, tuple[int, Song]] = {}
        self._encoding = threading.Lock()

    def song(self, name: str) -> Song | None:
        """Return the finished song of this name, None when there is none or the name can be nobody's."""
        try:
            path = self._documents / f"{validate_name(name)}.json"
            written = path.stat().st_mtime_ns
        except (InputError, OSError):
            return None
        known = self._known.get(name)
        if known is None or known[0] != written:
            song = _read_song(path, written / 1e9)
            if song is None:
                return None
            known = self._known[name] = (written, song)
        return known[1]

    def songs(self) -> list[Song]:
        """Return all finished songs, the newest first."""
        if not self._documents.is_dir():
            return []
        found = [self.song(path.stem) for path in self._documents.glob("*.json")]
        return sorted((song for song in found if song), key=lambda song: song.made, reverse=True)

    def file(self, name: str, format_: Format) -> Path | None:
        """Return the path of a finished song in a format, None when the file is not there (any more).

        MP3 is made of the WAV file when it is first asked for, and anew when a run has made the song anew.
        """
        folder = Path(str(self._store.tracks)) / validate_name(name)
        path = folder / f"{name}{ENDINGS[format_]}"
        if format_ is Format.MP3:
            wav = folder / f"{name}{ENDINGS[Format.WAV]}"
            if wav.exists() and not _is_as_new(path, wav):
                self._write_mp3(wav, path)
        return path if path.exists() else None

    def description(self, name: str) -> Mapping[str, Any] | None:
        """Return a song's description: its `tokens`, and the `champion` that wrote it; None if not kept."""
        path = Path(str(self._store.assets)) / "track_description" / f"{validate_name(name)}.json"
        try:
            document: Mapping[str, Any] = json.loads(path.read_bytes())
        except OSError:
            return None
        return document

    def _write_mp3(self, wav: Path, path: Path) -> None:
        import soundfile

        from emo_assets.audio.files import encode_audio

        with self._encoding:  # one at a time: encoding takes a core
            if _is_as_new(path, wav):
                return
            samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
            content = encode_audio(samples, rate, path.suffix)
            with atomic_write(path) as file:
                file.write(content)


def _is_as_new(path: Path, source: Path) -> bool:
    """Whether a file is there and was written after what it is made of."""
    return path.exists() and path.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _read_song(path: Path, made: float) -> Song | None:
    """Read the document of a song; None when it is gone or is no such document."""
    try:
        document = json.loads(path.read_bytes())
        return Song(
            request=TrackRequest.from_values(document["request"]),
            made=made,
            seconds=float(document["seconds"]),
            heard=document["heard"],
            comparison=document["asked_and_measured"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
