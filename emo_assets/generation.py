"""A request becomes a track: the one path that the pipeline, the command line and the studio all take.

features → description (describer) → events → MIDI (FIGARO) → sound. Each stage is a function of its own, so
that the pipeline can keep what lies between them. Models are loaded here from the store; how they work is
known by `describing` and `figaro`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upath import UPath

from emo_assets.errors import InputError
from emo_assets.progress import Progress, silent
from emo_assets.requests import TrackRequest
from emo_assets.store import Store, written_whole

if TYPE_CHECKING:
    from emo_assets.audio.rendering import SoundSettings
    from emo_assets.describing.sampling import Describer
    from emo_assets.figaro.sampling import Figaro
    from emo_assets.listening.heard import Heard

AUDIO_ENDINGS = (".wav", ".ogg", ".flac", ".mp3")
TRACK_ENDINGS = (".wav", ".ogg")
"""What the pipeline renders of each track."""


@dataclass(frozen=True)
class Models:
    """The two models that make a song, loaded and warm."""

    describer: Describer
    figaro: Figaro
    champion: str


@dataclass(frozen=True)
class Track:
    """A finished song.

    Attributes:
        request: what was asked for.
        files: where its parts stand, by kind: `wav`, `ogg`, `midi`, `piano_roll` ..
        seconds: length of the sound.
        heard: what it sounds like, measured from its notes.
        comparison: asked against measured, one row a property.
        piano_roll: its picture (PNG), empty where none was drawn.
    """

    request: TrackRequest
    files: dict[str, Path | UPath]
    seconds: float
    heard: Heard
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
        lines += [f"  {'':24} {'asked':>14} {'measured':>14}"]
        lines += [
            f"  {row['name']:24} {row['asked']!s:>14} {row['measured']!s:>14} {row['unit']}"
            for row in self.comparison
        ]
        return "\n".join(lines)


def load_models(store: Store, *, exact: bool = False) -> Models:
    """Load the champion and FIGARO from the store.

    Args:
        store: where they are.
        exact: as for `load_figaro`.

    Raises:
        InputError: one of them is not there yet, or its file is damaged.
    """
    describer, champion = load_describer(store)
    return Models(describer=describer, figaro=load_figaro(store, exact=exact), champion=champion)


def load_describer(store: Store) -> tuple[Describer, str]:
    """Load the champion among the describers, and return it with its version."""
    from emo_assets.describing.promotion import read_champion

    return read_champion(store)


def load_figaro(store: Store, *, exact: bool = False) -> Figaro:
    """Load the FIGARO that the store holds.

    Args:
        store: where it is.
        exact: whether it sees the whole window anew for every token: slow, see `figaro.sampling.Figaro`.

    Raises:
        InputError: there is none yet, or its file is damaged.
    """
    from emo_assets.figaro.sampling import Figaro
    from emo_assets.figaro.weights import from_bytes

    path = store.assets / "figaro_model.safetensors"
    if not path.exists():
        raise InputError(f"{path} is missing: run `make demo`, or materialize figaro_model")
    return Figaro(from_bytes(path.read_bytes()), exact=exact)


def describe_request(request: TrackRequest, describer: Describer) -> list[int]:
    """Write the description of the song that is asked for.

    Returns:
        Ids of the description vocabulary for `request.bars` bars, without `<bos>` and `<eos>`.
    """
    [tokens] = describer.describe([request.features], bars=request.bars, seeds=[request.seed])
    return tokens


def description_rows(tokens: Sequence[int]) -> list[dict[str, Any]]:
    """Return a description bar by bar, in words and real values, for people to read."""
    from emo_assets.symbolic import bins
    from emo_assets.symbolic.grammar.descriptions import DescriptionGrammar
    from emo_assets.symbolic.vocabulary import CHORDS, INSTRUMENT_NAMES

    return [
        {
            "bar": bar.number,
            "notes a beat": round(
                float(bins.NOTE_DENSITY_BINS[bar.note_density]) * bins.POSITIONS_PER_QUARTER, 1
            ),
            "velocity": int(bins.MEAN_VELOCITY_BINS[bar.mean_velocity]),
            "pitch": int(bins.MEAN_PITCH_BINS[bar.mean_pitch]),
            "chords": " ".join(CHORDS[chord] for chord in bar.chords),
            "instruments": ", ".join(INSTRUMENT_NAMES[instrument] for instrument in bar.instruments),
        }
        for bar in DescriptionGrammar().parse(tokens)
    ]


def compose_request(
    request: TrackRequest, description: Sequence[int], figaro: Figaro, *, progress: Progress = silent
) -> bytes:
    """Let FIGARO write the notes for a description, and return them as MIDI at the tempo asked for."""
    [midi] = compose_requests([request], [description], figaro, progress=progress)
    return midi


def compose_requests(
    requests: Sequence[TrackRequest],
    descriptions: Sequence[Sequence[int]],
    figaro: Figaro,
    *,
    progress: Progress = silent,
) -> list[bytes]:
    """Let FIGARO write the notes for several descriptions at once.

    Args:
        requests: what was asked for; their tempos and seeds are used.
        descriptions: the description of each.
        figaro: who writes.
        progress: told the bars written.

    Returns:
        A MIDI file each, the same as if the song had been written alone.
    """
    from emo_assets.symbolic.vocabulary import EVENTS
    from emo_assets.symbolic.writing import write_midi

    tempos = [request.features.tempo for request in requests]
    seeds = [request.seed for request in requests]
    songs = figaro.compose(
        [list(each) for each in descriptions], tempos=tempos, seeds=seeds, progress=progress
    )
    return [write_midi(EVENTS.decode(song), tempo=tempo) for song, tempo in zip(songs, tempos, strict=True)]


def render_track(
    request: TrackRequest,
    midi: bytes,
    folder: Path | UPath,
    *,
    sound: SoundSettings | None = None,
    progress: Progress = silent,
) -> Track:
    """Turn MIDI into sound and pictures, and write all of it into a folder of the track's own.

    Args:
        request: what was asked for; its loudness sets how loud the sound is.
        midi: the song's notes.
        folder: where the files go; made when missing. Each file appears whole or not at all.
        sound: sound font, reverb and chorus; the default ones where none are given.
        progress: told how far the rendering is.
    """
    from emo_assets.audio.files import write_audio
    from emo_assets.reports.piano_roll import piano_roll_png

    samples, rate = _sound(request, midi, sound, progress)
    files: dict[str, Path | UPath] = {}
    for ending in TRACK_ENDINGS:
        files[ending[1:]] = folder / f"{request.name}{ending}"
        write_audio(samples, rate, files[ending[1:]])
    roll = piano_roll_png(midi, request.mood or request.name)
    for kind, content, name in (
        ("midi", midi, f"{request.name}.mid"),
        ("piano_roll", roll, "piano_roll.png"),
    ):
        files[kind] = folder / name
        with written_whole(files[kind]) as file:
            file.write(content)
    return _track(request, midi, files, len(samples) / rate, roll)


def generate_file(
    request: TrackRequest,
    models: Models,
    out: Path,
    *,
    sound: SoundSettings | None = None,
    progress: Progress = silent,
) -> Track:
    """Make the song of a request and write it as one file, in the format of its ending."""
    from emo_assets.audio.files import write_audio

    check_ending(out)
    tokens = describe_request(request, models.describer)
    midi = compose_request(request, tokens, models.figaro, progress=progress)
    samples, rate = _sound(request, midi, sound, progress)
    if out.suffix == ".mid":
        with written_whole(out) as file:
            file.write(midi)
    else:
        write_audio(samples, rate, out)
    return _track(request, midi, {out.suffix[1:]: out}, len(samples) / rate)


def check_ending(out: Path) -> None:
    """Refuse a file name whose ending names no format that a song can be written in.

    Raises:
        InputError: the ending is not one of `.wav`, `.ogg`, `.flac`, `.mp3` and `.mid`.
    """
    endings = (*AUDIO_ENDINGS, ".mid")
    if out.suffix not in endings:
        raise InputError(f"{out}: the file's ending must be one of {', '.join(endings)}")


def _sound(
    request: TrackRequest, midi: bytes, sound: SoundSettings | None, progress: Progress
) -> tuple[Any, int]:
    """Render MIDI as loud as the request asks for; return samples (frames, 2) and frames a second."""
    from emo_assets.audio.loudness import target_loudness
    from emo_assets.audio.rendering import DEFAULT_SOUND, SAMPLE_RATE, render

    loudness = target_loudness(request.features.loudness)
    return render(midi, sound or DEFAULT_SOUND, loudness=loudness, progress=progress), SAMPLE_RATE


def _track(
    request: TrackRequest, midi: bytes, files: dict[str, Path | UPath], seconds: float, roll: bytes = b""
) -> Track:
    """Listen to a finished song and put down how it came out."""
    from emo_assets.listening.heard import compare, listen

    heard = listen(midi)
    return Track(request, files, seconds, heard, compare(request.features, heard), roll)
