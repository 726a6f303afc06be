"""A request becomes a track: features → description → notes → sound.

`generate_track` is what the command line, the studio and the pipeline's form call. The pipeline's assets call
its stages one by one and store what lies between them: `reranking.best_descriptions`, `reranking.best_songs`
and `render_track`.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from upath import UPath

from emo_assets.audio.files import FORMATS, write_audio
from emo_assets.audio.loudness import integrated_loudness, loudness_feature, target_loudness
from emo_assets.audio.rendering import SAMPLE_RATE, render
from emo_assets.audio.sound_fonts import find_sound_font
from emo_assets.audio.synthesizer import DEFAULT_SOUND, SoundSettings
from emo_assets.audio.tone import suitable_tone
from emo_assets.errors import InputError
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.metrics.comparison import compare
from emo_assets.metrics.ear import Ear, default_ear
from emo_assets.metrics.song_metrics import MeasuredSong, SongMetrics
from emo_assets.progress import Progress, no_progress
from emo_assets.reports.comparison_table import RANGE, comparison_table
from emo_assets.reports.piano_roll import piano_roll_png
from emo_assets.reranking import best_descriptions, best_songs
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store, atomic_write, check_writable

if TYPE_CHECKING:
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.parallel_figaro import ParallelFigaro

DESCRIBING, COMPOSING, RENDERING = "describing", "composing", "rendering"
"""The stages of `generate_track`, as its progress callback names them."""

MIDI, PIANO_ROLL = "midi", "piano_roll"
"""Kinds of files that are not audio; an audio file's kind is its suffix without the dot."""


@dataclass(frozen=True)
class Models:
    """What generates songs, loaded.

    Attributes:
        description_model: the champion, which generates descriptions.
        figaro: generates songs from descriptions.
        calibration: tells how far songs and descriptions are from a request.
        champion: the champion's version.
    """

    description_model: DescriptionGenerator
    figaro: Figaro | ParallelFigaro
    calibration: RequestCalibration
    champion: str

    def close(self) -> None:
        """End FIGARO's second process, if it has one."""
        from emo_assets.figaro.parallel_figaro import ParallelFigaro

        if isinstance(self.figaro, ParallelFigaro):
            self.figaro.close()


@dataclass(frozen=True)
class Track:
    """A finished song.

    Attributes:
        request: what was asked for.
        files: the files that were written, by kind: an audio file's suffix, `MIDI` or `PIANO_ROLL`.
        seconds: length of the sound.
        metrics: what it sounds like.
        comparison: features asked for, aimed at and heard, one row per feature.
        sound_font: name of the sound font.
        midi: the Standard MIDI File.
        piano_roll: its picture (PNG), empty if none was asked for.
        description: token ids of the description, empty if the track was rendered from stored MIDI.
        champion: version of the model that generated the description, empty like `description`.
    """

    request: TrackRequest
    files: Mapping[str, Path | UPath]
    seconds: float
    metrics: SongMetrics
    comparison: list[dict[str, Any]]
    sound_font: str
    midi: bytes = field(repr=False)
    piano_roll: bytes = field(default=b"", repr=False)
    description: tuple[int, ...] = ()
    champion: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return what the asset `generated_track` stores, as plain values for JSON."""
        return {
            "request": self.request.model_dump(mode="json"),
            "files": {kind: str(path) for kind, path in self.files.items()},
            "seconds": round(self.seconds, 3),
            "sound_font": self.sound_font,
            "heard": self.metrics.as_dict(),
            "asked_and_measured": self.comparison,
        }

    def summary(self) -> str:
        """Return a few lines for the terminal: the files, and each feature as asked for and as heard."""
        key, tempo = self.metrics.key_name, self.metrics.tempo
        lines = [f"{self.request.name}: {self.seconds:.1f} s, {key}, {tempo:.1f} BPM"]
        lines += [f"  {path}" for path in self.files.values()]
        lines.append(f"  {'':16} {'asked':>9} {'heard':>9} {'':16} heard by")
        for row in comparison_table(self.comparison):
            between = row[RANGE] and f"({row[RANGE]})"
            heard = f"{row['asked']:>9} {row['heard']:>9} {between:16} {row['heard by']}"
            lines.append(f"  {row['feature']:16} {heard}")
        lines.append(f"  In brackets: where the feature lies {RANGE}.")
        return "\n".join(lines)


def generate_track(
    request: TrackRequest,
    models: Models,
    files: Mapping[str, Path | UPath],
    *,
    sound: SoundSettings = DEFAULT_SOUND,
    progress: Progress = no_progress,
) -> Track:
    """Generate the song of a request. The same request and models give the same notes.

    Args:
        request: what is asked for.
        models: what generates it.
        files: paths to write by kind, as in `Track.files`.
        sound: how the synthesizer sounds; its tone follows the request.
        progress: called with `DESCRIBING`, `COMPOSING` or `RENDERING`.
    """

    def in_stage(stage: str) -> Progress:
        progress(stage, 0, 1)
        return lambda _, done, total: progress(stage, done, total)

    [description] = best_descriptions(
        [request], models.description_model, models.calibration, progress=in_stage(DESCRIBING)
    )
    [song] = best_songs(
        [request], [description], models.figaro, models.calibration, progress=in_stage(COMPOSING)
    )
    track = render_track(
        request, song, files, models.calibration.ear, sound=sound, progress=in_stage(RENDERING)
    )
    return replace(track, description=tuple(description), champion=models.champion)


def render_track(
    request: TrackRequest,
    song: MeasuredSong,
    files: Mapping[str, Path | UPath],
    ear: Ear,
    *,
    sound: SoundSettings = DEFAULT_SOUND,
    progress: Progress = no_progress,
) -> Track:
    """Render a song as sound and picture. Each file appears complete or not at all.

    Args:
        request: what was asked for; its loudness, energy and acousticness shape the sound.
        song: the notes.
        files: paths to write by kind, as in `Track.files`.
        ear: hears the song's features.
        sound: how the synthesizer sounds; its tone follows the request.
        progress: called while rendering.
    """
    with ThreadPoolExecutor(max_workers=1) as executor:
        # rendering and encoding release the GIL
        drawing = None
        if PIANO_ROLL in files:
            drawing = executor.submit(piano_roll_png, song, request.mood or request.name)
        samples = render(
            song.midi,
            replace(sound, tone=suitable_tone(request.features)),
            score=song.parsed.score,
            loudness=target_loudness(request.features.loudness),
            progress=progress,
        )
        for kind, path in files.items():
            if f".{kind}" in FORMATS:
                write_audio(samples, SAMPLE_RATE, path)
    piano_roll = drawing.result() if drawing else b""
    for kind, content in ((MIDI, song.midi), (PIANO_ROLL, piano_roll)):
        if kind in files:
            with atomic_write(files[kind]) as file:
                file.write(content)
    loudness = loudness_feature(integrated_loudness(samples, SAMPLE_RATE))
    rows = compare(request.features, song, ear, loudness=loudness)
    seconds = len(samples) / SAMPLE_RATE
    font = find_sound_font(sound.sound_font).stem
    return Track(request, files, seconds, song.metrics, rows, font, song.midi, piano_roll)


def track_files(store: Store, name: str) -> dict[str, Path | UPath]:
    """Return the files that the store keeps of a finished track, by kind."""
    folder = store.tracks / name
    return {
        "wav": folder / f"{name}.wav",
        "ogg": folder / f"{name}.ogg",
        MIDI: folder / f"{name}.mid",
        PIANO_ROLL: folder / "piano_roll.png",
    }


def output_file(out: Path, sound_font: Path | None = None) -> dict[str, Path | UPath]:
    """Return a single file by kind for `generate_track`, after checking that it can be written.

    Raises:
        InputError: the suffix of `out` is not one of `.wav`, `.flac`, `.ogg`, `.mp3` and `.mid` in any case,
            `out` is a folder or cannot be written, or `sound_font` is not a sound font.
    """
    kinds = {suffix: suffix[1:] for suffix in FORMATS} | {".mid": MIDI}
    suffix = out.suffix.lower()
    if suffix not in kinds:
        raise InputError(f"{out}: the file's ending must be one of {', '.join(kinds)}")
    check_writable(out)
    if sound_font is not None:
        find_sound_font(sound_font)
    return {kinds[suffix]: out}


def load_models(store: Store, *, exact: bool = False, parallel: bool = False) -> Models:
    """Load the champion, FIGARO and the calibration from the store.

    Args:
        store: where they are.
        exact: as for `load_figaro`.
        parallel: whether FIGARO generates half of the songs in a second process, until the models are closed.
            It takes seconds to start, and pays off for many songs.

    Raises:
        InputError: one of them is missing or damaged.
    """
    from emo_assets.figaro.parallel_figaro import ParallelFigaro

    description_model, champion = load_champion(store)
    figaro = ParallelFigaro(_figaro_weights(store)) if parallel else load_figaro(store, exact=exact)
    return Models(description_model, figaro, load_calibration(store), champion)


def load_champion(store: Store) -> tuple[DescriptionGenerator, str]:
    """Load the champion, and return it with its version.

    Raises:
        InputError: it is missing or damaged.
    """
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.description_model.registry.model_registry import load_champion_models

    models, version = load_champion_models(store)
    return DescriptionGenerator(models), version


def load_figaro(store: Store, *, exact: bool = False) -> Figaro:
    """Load FIGARO.

    Args:
        store: where it is.
        exact: whether it recomputes the whole window for every token; slow, see `figaro.generate.Figaro`.

    Raises:
        InputError: it is missing or damaged.
    """
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.weights import from_bytes

    return Figaro(from_bytes(_figaro_weights(store), "figaro_model.safetensors"), exact=exact)


def _figaro_weights(store: Store) -> bytes:
    path = store.assets / "figaro_model.safetensors"
    if not path.exists():
        raise InputError(f"{path} is missing: run `make demo`, or materialize figaro_model")
    return path.read_bytes()


def load_ear(store: Store) -> Ear:
    """Load the store's ear, or else the one that ships with the package.

    Raises:
        InputError: it is damaged.
    """
    path = store.assets / "ear.json"
    return Ear.from_json(path.read_bytes(), str(path)) if path.exists() else default_ear()


def load_calibration(store: Store) -> RequestCalibration:
    """Load the calibration of requests by the songs that the models were trained on.

    Raises:
        InputError: its table is missing or damaged, or has too few songs.
    """
    path = store.asset_file("song_metrics.parquet")
    if not path.exists():
        raise InputError(f"{path} is missing: run `make demo`, or materialize song_metrics")
    ear = load_ear(store)
    try:
        with path.open("rb") as file:
            songs = pd.read_parquet(file)
        return RequestCalibration(ear, songs)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is damaged ({reason}): materialize song_metrics again") from error
