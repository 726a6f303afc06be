"""The finished songs of a store, from the studio and from Dagster runs, and their files.

Files are found by the store's layout and a validated name, never by a path from a client.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import soundfile

from emo_assets.audio.files import write_audio
from emo_assets.errors import InputError
from emo_assets.music_theory import format_key
from emo_assets.reports.comparison_table import current_rows
from emo_assets.song_request import TrackRequest, validate_name
from emo_assets.store import Store
from emo_assets.studio.schemas import Comparison, TrackMetrics


class Format(StrEnum):
    """File formats of a song."""

    WAV = "wav"
    OGG = "ogg"
    MP3 = "mp3"
    MIDI = "midi"

    @property
    def suffix(self) -> str:
        """The suffix of files of this format."""
        return ".mid" if self is Format.MIDI else f".{self}"

    @property
    def media_type(self) -> str:
        """The media type."""
        return "audio/mpeg" if self is Format.MP3 else f"audio/{self}"


@dataclass(frozen=True)
class StoredTrack:
    """A finished song in the store.

    Attributes:
        request: its request.
        finished: when it was finished, in seconds since 1970.
        metrics: its metrics.
        comparison: requested and heard features, one row per feature.
    """

    request: TrackRequest
    finished: float
    metrics: TrackMetrics
    comparison: list[Comparison]


def local_folder(store: Store) -> Path:
    """Return the base of a store as a local path.

    Raises:
        InputError: the base is not a folder of this machine.
    """
    if store.base.protocol not in ("", "file"):
        raise InputError(
            f"the studio serves songs from a folder of this machine, and {store.base} is not one: "
            "give --store the path of a folder"
        )
    return Path(str(store.base))


class TrackRepository:
    """Reads the finished songs of a store.

    Args:
        store: the store, in a local folder.
    """

    def __init__(self, store: Store) -> None:
        self._tracks = Path(str(store.tracks))
        self._assets = Path(str(store.assets))
        self._cache: dict[str, tuple[int, StoredTrack]] = {}
        self._encoding_lock = threading.Lock()

    def track(self, name: str) -> StoredTrack | None:
        """Return the finished song with this name, or None if there is none or the name is invalid."""
        try:
            path = self._assets / "generated_track" / f"{validate_name(name)}.json"
            modified = path.stat().st_mtime_ns
        except (InputError, OSError):
            return None
        cached = self._cache.get(name)
        if cached is None or cached[0] != modified:
            track = _read_track(path, modified / 1e9)
            if track is None:
                return None
            cached = self._cache[name] = (modified, track)
        return cached[1]

    def tracks(self) -> list[StoredTrack]:
        """Return all finished songs."""
        found = (self.track(path.stem) for path in (self._assets / "generated_track").glob("*.json"))
        return [track for track in found if track]

    def file(self, name: str, format_: Format) -> Path | None:
        """Return the path of a finished song in a format, or None if the file is missing.

        The MP3 file is encoded from the WAV file on first use, and again when a run has replaced the song.
        """
        path = self._tracks / validate_name(name) / f"{name}{format_.suffix}"
        if format_ is Format.MP3:
            wav = path.with_suffix(Format.WAV.suffix)
            with self._encoding_lock:  # one at a time: encoding takes a core
                if wav.exists() and not (path.exists() and _modified(path) >= _modified(wav)):
                    samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
                    write_audio(samples, rate, path)
        return path if path.exists() else None

    def description(self, name: str) -> tuple[str, list[int]]:
        """Return the champion's version and the token ids of a song's description; empty if not stored."""
        path = self._assets / "track_description" / f"{validate_name(name)}.json"
        try:
            document = json.loads(path.read_bytes())
        except OSError:
            return "", []
        return document["champion"], document["tokens"]


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns


def _read_track(path: Path, finished: float) -> StoredTrack | None:
    """Read the document of a song; return None if it is missing or damaged."""
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
        heard = document["heard"]
        key = None if heard.get("key") is None else format_key(heard["key"], heard["mode"])
        return StoredTrack(
            request=TrackRequest.from_values(document["request"]),
            finished=finished,
            metrics=TrackMetrics.model_validate(
                heard | {"key": key, "tempo": round(heard["tempo"], 2), "seconds": document["seconds"]}
            ),
            comparison=[
                Comparison.model_validate(row) for row in current_rows(document["asked_and_measured"])
            ],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
