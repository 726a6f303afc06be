"""A request becomes a track: the one path that the pipeline, the command line and the studio all take.

features → description (describer) → events → MIDI (FIGARO) → sound. Each stage is a function of its own, so
that the pipeline can keep what lies between them. Models are loaded here from the store; how they work is
known by `describing` and `figaro`, and which of their proposals is taken by `proposals`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upath import UPath

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store, atomic_write

if TYPE_CHECKING:
    from emo_assets.audio.rendering import SoundSettings
    from emo_assets.description_model.generate import DescriptionGenerator
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.pair import FigaroPair
    from emo_assets.metrics.calibration import RequestCalibration
    from emo_assets.metrics.song_metrics import SongMetrics

AUDIO_ENDINGS = (".wav", ".ogg", ".flac", ".mp3")
TRACK_ENDINGS = (".wav", ".ogg")
"""What the pipeline renders of each track."""


@dataclass(frozen=True)
class Models:
    """The two models that make a song, loaded and warm, and what tells how near it is to a request."""

    describer: DescriptionGenerator
    figaro: Figaro | FigaroPair
    calibration: RequestCalibration
    champion: str

    def close(self) -> None:
        """End the process beside, where FIGARO has one."""
        from emo_assets.figaro.pair import FigaroPair

        if isinstance(self.figaro, FigaroPair):
            self.figaro.close()


@dataclass(frozen=True)
class Track:
    """A finished song.

    Attributes:
        request: what was asked for.
        files: where its parts stand, by kind: `wav`, `ogg`, `midi`, `piano_roll` ..
        seconds: length of the sound.
        heard: what it sounds like, measured from its notes.
        comparison: asked, aimed at and measured, one row a feature.
        piano_roll: its picture (PNG), empty where none was drawn.
    """

    request: TrackRequest
    files: dict[str, Path | UPath]
    seconds: float
    heard: SongMetrics
    comparison: list[dict[str, Any]]
    piano_roll: bytes = field(default=b"", repr=False)

    def as_document(self) -> dict[str, Any]:
        """Return what there is to know about the track as plain values, for JSON."""
        return {
            "request": self.request.model_dump(mode="json"),
            "files": {kind: str(path) for kind, path in self.files.items()},
            "seconds": round(self.seconds, 3),
            "heard": self.heard.as_dict(),
            "asked_and_measured": self.comparison,
        }

    def summary(self) -> str:
        """Say in a few lines where the song is and how it came out beside what was asked."""
        lines = [
            f"{self.request.name}: {self.seconds:.1f} s, {self.heard.key_name}, {self.heard.tempo:.1f} BPM"
        ]
        lines += [f"  {path}" for path in self.files.values()]
        lines += [f"  {'':18} {'asked':>9} {'aimed at':>9} {'measured':>9}"]
        lines += [
            f"  {row['name']:18} {row['asked']!s:>9} {row['aimed_at']!s:>9} {row['measured']!s:>9}"
            f" {row['unit']}"
            for row in self.comparison
        ]
        return "\n".join(lines)


def load_models(store: Store, *, exact: bool = False, in_pair: bool = False) -> Models:
    """Load the champion, FIGARO and the calibration from the store.

    Args:
        store: where they are.
        exact: as for `load_figaro`.
        in_pair: whether FIGARO writes half of the songs in a process beside, until the models are closed. It
            takes seconds to start, and pays for many songs.

    Raises:
        InputError: one of them is not there yet, or its file is damaged.
    """
    from emo_assets.figaro.pair import FigaroPair

    describer, champion = load_champion(store)
    figaro = FigaroPair(_figaro_weights(store)) if in_pair else load_figaro(store, exact=exact)
    return Models(describer, figaro, load_calibration(store), champion)


def model_files(store: Store) -> tuple[UPath, ...]:
    """Return the files that say which models serve requests: when one is new, so are the models."""
    names = ("champion.json", "figaro_model.safetensors", "song_metrics.parquet")
    return tuple(store.assets / name for name in names)


def load_champion(store: Store) -> tuple[DescriptionGenerator, str]:
    """Load the champion among the describers, and return it with its version."""
    from emo_assets.description_model.registry.model_registry import read_champion

    return read_champion(store)


def load_figaro(store: Store, *, exact: bool = False) -> Figaro:
    """Load the FIGARO that the store holds.

    Args:
        store: where it is.
        exact: whether it sees the whole window anew for every token: slow, see `figaro.generate.Figaro`.

    Raises:
        InputError: there is none yet, or its file is damaged.
    """
    from emo_assets.figaro.generate import Figaro
    from emo_assets.figaro.weights import from_bytes

    return Figaro(from_bytes(_figaro_weights(store)), exact=exact)


def _figaro_weights(store: Store) -> bytes:
    path = store.assets / "figaro_model.safetensors"
    if not path.exists():
        raise InputError(f"{path} is missing: run `make demo`, or materialize figaro_model")
    return path.read_bytes()


def load_calibration(store: Store) -> RequestCalibration:
    """Load what tells how near a song is to a request: the measures of the songs that were learned from.

    Raises:
        InputError: they are not there yet, too few, or damaged.
    """
    import pandas as pd

    from emo_assets.metrics.calibration import RequestCalibration

    path = store.assets / "song_metrics.parquet"
    if not path.exists():
        raise InputError(f"{path} is missing: run `make demo`, or materialize song_metrics")
    try:
        with path.open("rb") as file:
            songs = pd.read_parquet(file)
        return RequestCalibration(songs)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is damaged ({reason}): materialize song_metrics anew") from error


def generate_description(
    request: TrackRequest,
    describer: DescriptionGenerator,
    calibration: RequestCalibration,
    *,
    proposals: int | None = None,
) -> list[int]:
    """Write the description of the song that is asked for.

    Args:
        request: what is asked for.
        describer: who writes.
        calibration: tells which proposal is nearest.
        proposals: descriptions to choose from; by default as many as the request's strictness asks for.

    Returns:
        Ids of the description vocabulary for `request.bars` bars, without `<bos>` and `<eos>`.
    """
    from emo_assets.reranking import best_descriptions

    [tokens] = best_descriptions([request], describer, calibration, proposals=proposals)
    return tokens


def description_rows(tokens: Sequence[int]) -> list[dict[str, Any]]:
    """Return a description bar by bar, in words and real values, for people to read."""
    from emo_assets.midi.general_midi import INSTRUMENT_NAMES
    from emo_assets.tokens import quantization
    from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
    from emo_assets.tokens.vocabulary import CHORDS

    return [
        {
            "bar": number,
            "notes a beat": round(
                float(quantization.NOTE_DENSITY_BINS[bar.note_density]) * quantization.POSITIONS_PER_QUARTER,
                1,
            ),
            "velocity": int(quantization.MEAN_VELOCITY_BINS[bar.mean_velocity]),
            "pitch": int(quantization.MEAN_PITCH_BINS[bar.mean_pitch]),
            "chords": " ".join(CHORDS[chord] for chord in bar.chords),
            "instruments": ", ".join(INSTRUMENT_NAMES[instrument] for instrument in bar.instruments),
        }
        for number, bar in enumerate(DescriptionGrammar().parse(tokens), 1)
    ]


def generate_midi(
    request: TrackRequest,
    description: Sequence[int],
    figaro: Figaro | FigaroPair,
    calibration: RequestCalibration,
    *,
    candidates: int | None = None,
    progress: Progress = no_progress,
) -> bytes:
    """Let FIGARO write the notes for a description, and return them as MIDI at the tempo asked for.

    Args:
        request: what is asked for.
        description: ids of its description.
        figaro: who writes.
        calibration: tells which song is nearest.
        candidates: songs to choose from; by default as many as the request's strictness asks for.
        progress: told the bars written.
    """
    from emo_assets.reranking import best_songs

    [midi] = best_songs(
        [request], [description], figaro, calibration, candidates=candidates, progress=progress
    )
    return midi


def render_track(
    request: TrackRequest,
    midi: bytes,
    folder: Path | UPath,
    calibration: RequestCalibration,
    *,
    sound: SoundSettings | None = None,
    progress: Progress = no_progress,
) -> Track:
    """Turn MIDI into sound and pictures, and write all of it into a folder of the track's own.

    Args:
        request: what was asked for; its loudness sets how loud the sound is.
        midi: the song's notes.
        folder: where the files go; made when missing. Each file appears whole or not at all.
        calibration: tells what was aimed at.
        sound: sound font, reverb and chorus; the default ones where none are given.
        progress: told how far the rendering is.
    """
    from emo_assets.audio.files import write_audio
    from emo_assets.reports.piano_roll import piano_roll_png

    files: dict[str, Path | UPath] = {}
    with ThreadPoolExecutor(max_workers=1) as beside:
        # rendering and encoding leave Python to others
        drawing = beside.submit(piano_roll_png, midi, request.mood or request.name)
        samples, rate = _sound(request, midi, sound, progress)
        for ending in TRACK_ENDINGS:
            files[ending[1:]] = folder / f"{request.name}{ending}"
            write_audio(samples, rate, files[ending[1:]])
    roll = drawing.result()
    for kind, content, name in (
        ("midi", midi, f"{request.name}.mid"),
        ("piano_roll", roll, "piano_roll.png"),
    ):
        files[kind] = folder / name
        with atomic_write(files[kind]) as file:
            file.write(content)
    return _track(request, midi, files, len(samples) / rate, calibration, roll)


def generate_file(
    request: TrackRequest,
    models: Models,
    out: Path,
    *,
    sound: SoundSettings | None = None,
    progress: Progress = no_progress,
) -> Track:
    """Make the song of a request and write it as one file, in the format of its ending."""
    from emo_assets.audio.files import write_audio

    check_output(out, None if sound is None else sound.sound_font)
    tokens = generate_description(request, models.describer, models.calibration)
    midi = generate_midi(request, tokens, models.figaro, models.calibration, progress=progress)
    samples, rate = _sound(request, midi, sound, progress)
    if out.suffix == ".mid":
        with atomic_write(out) as file:
            file.write(midi)
    else:
        write_audio(samples, rate, out)
    return _track(request, midi, {out.suffix[1:]: out}, len(samples) / rate, models.calibration)


def check_output(out: Path, sound_font: Path | None) -> None:
    """Refuse files that a song cannot be written to or played with, before any work is done.

    Raises:
        InputError: the ending of `out` is not one of `.wav`, `.ogg`, `.flac`, `.mp3` and `.mid`, `out` is a
            folder or lies where nothing can be written, or `sound_font` is no sound font.
    """
    from emo_assets.audio.synthesizer import check_sound_font

    endings = (*AUDIO_ENDINGS, ".mid")
    if out.suffix not in endings:
        raise InputError(f"{out}: the file's ending must be one of {', '.join(endings)}")
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name a file in it")
    place = next(parent for parent in out.absolute().parents if parent.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        raise InputError(f"{out}: nothing can be written into {place}; name another place")
    if sound_font is not None:
        check_sound_font(sound_font)


def _sound(
    request: TrackRequest, midi: bytes, sound: SoundSettings | None, progress: Progress
) -> tuple[Any, int]:
    """Render MIDI as loud as the request asks for; return samples (frames, 2) and frames a second."""
    from emo_assets.audio.loudness import target_loudness
    from emo_assets.audio.rendering import DEFAULT_SOUND, SAMPLE_RATE, render

    loudness = target_loudness(request.features.loudness)
    return render(midi, sound or DEFAULT_SOUND, loudness=loudness, progress=progress), SAMPLE_RATE


def _track(
    request: TrackRequest,
    midi: bytes,
    files: dict[str, Path | UPath],
    seconds: float,
    calibration: RequestCalibration,
    roll: bytes = b"",
) -> Track:
    """Listen to a finished song and put down how it came out."""
    from emo_assets.metrics.song_metrics import compare, measure_midi

    heard = measure_midi(midi)
    rows = compare(request.features, heard, calibration.aims(request.features))
    return Track(request, files, seconds, heard, rows, roll)
