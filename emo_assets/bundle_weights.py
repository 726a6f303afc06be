"""Train the weights that ship with the package and write their model card; `make weights` runs it.

The composer of the sample corpus writes the songs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from emo_assets.errors import InputError
from emo_assets.evaluation.fidelity import fidelity_report
from emo_assets.figaro.config import TRAININGS
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.training import TrainedFigaro, is_held_out, song_of, train_figaro
from emo_assets.figaro.weights import BUNDLED, to_bytes
from emo_assets.progress import Progress, no_progress, terminal_progress
from emo_assets.reports.fidelity import fidelity_markdown
from emo_assets.reports.markdown import markdown_table
from emo_assets.store import atomic_write
from emo_assets.synthetic_corpus.composition import compose_in_workers, compose_song
from emo_assets.synthetic_corpus.sampling import SongPlan, sample_songs
from emo_assets.tokens.tokenize import MidiTokens, tokenize_midi

MEASURED_SONGS = 40
"""Held-out songs on which the fidelity of the model card is measured."""

FOLDER = Path(__file__).parent / "figaro" / "bundled"

_CARD = """\
# Model card: {file}

A small FIGARO: it reads a description (per bar: time signature, note density, mean velocity, mean pitch,
mean duration, instruments, chords) and generates the notes. It ships with emo_assets as the default source of
`figaro_model`.

| what | value |
|---|---|
| network | {encoder_layers} encoder and {decoder_layers} decoder layers, width {d_model}, {heads} heads |
| | feed-forward {feed_forward}, context {context}, pointers into bars 1, 2, 4 and 8 back |
| parameters | {parameters:.1f} M, stored as float16 ({megabytes:.1f} MB) |
| data | {songs} songs of the built-in composer, seed {data_seed}; no recordings or transcriptions |
| | {held_out} more songs held out by a hash |
| training | {steps} steps of {batch} windows: {tokens:.1f} M tokens, transposed to all keys |
| | AdamW, learning rate {learning_rate:g}, seed {seed}; weights of step {best_step} |
| | `python -m emo_assets.bundle_weights --songs {data_songs} --seed {data_seed}`, as `make weights` does |
| held-out perplexity | {perplexity:.3f} per token |

## Learning curve

{curve}

## Fidelity

{measured} held-out songs, the first 16 bars generated from their descriptions and compared with the songs.
*Ceiling*: the songs written as MIDI and read again; *floor*: other songs. Metrics marked (0 is best) are best
at 0, all others at 1.

{fidelity}

## Limits

It is trained on the styles, instruments and meters of the composer only, and on songs of at most 48 bars. The
weights are free to use under the project's license.
"""


def main(arguments: Sequence[str]) -> int:
    """Compose songs, train on them, write weights and card; exit code 2 with one line on wrong input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, required=True, help="number of songs to compose")
    parser.add_argument("--seed", type=int, required=True, help="of the songs")
    parser.add_argument("--state", type=Path, help="checkpoint to resume training from")
    options = parser.parse_args(arguments)
    try:
        with terminal_progress() as progress:
            _make(options.songs, options.seed, options.state, progress)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _make(songs: int, seed: int, state: Path | None, progress: Progress) -> None:
    torch.set_num_threads(1)
    config = TRAININGS["small"]
    read = compose_tokens(songs, seed, progress=progress)
    training_songs = [song_of(tokens) for tokens in read]
    held_out = [
        tokens
        for tokens, song in zip(read, training_songs, strict=True)
        if is_held_out(song, config.held_out_share)
    ]
    trained = train_figaro(training_songs, config, checkpoint=state, progress=progress)
    report = fidelity_report(Figaro(trained.network), held_out[:MEASURED_SONGS], progress=progress)
    provenance = {
        "data": f"{songs} songs of the built-in composer, seed {seed}",
        "steps": str(trained.best.step),
        "held_out_perplexity": f"{trained.best.perplexity:.3f}",
    }
    weights = to_bytes(trained.network, provenance=provenance, half=True)
    card = _CARD.format(
        file=BUNDLED,
        **trained.network.config.model_dump(),
        parameters=sum(weight.numel() for weight in trained.network.parameters()) / 1e6,
        megabytes=len(weights) / 1e6,
        songs=len(read) - len(held_out),
        held_out=len(held_out),
        data_songs=songs,
        data_seed=seed,
        steps=config.steps,
        batch=config.batch,
        tokens=config.steps * config.batch * trained.network.config.context / 1e6,
        learning_rate=config.learning_rate,
        seed=config.seed,
        best_step=trained.best.step,
        perplexity=trained.best.perplexity,
        curve=_learning_curve(trained),
        measured=int(report["songs"].iloc[0]),
        fidelity=fidelity_markdown(report.reset_index()),
    )
    for name, content in ((BUNDLED, weights), ("MODEL_CARD.md", card.encode())):
        with atomic_write(FOLDER / name) as file:
            file.write(content)


def compose_tokens(songs: int, seed: int, *, progress: Progress = no_progress) -> list[MidiTokens]:
    """Compose songs in worker processes, and read them.

    Args:
        songs: number of songs, at least 1.
        seed: of the songs.
        progress: called once per song.

    Raises:
        InputError: `songs` is less than 1.
        WorkerError: worker processes do not start or die.
    """
    if songs < 1:
        raise InputError(f"--songs: compose at least one song, not {songs}")
    plans = sample_songs(songs, seed)
    return list(compose_in_workers(_compose, plans, progress=progress))


def _compose(plan: SongPlan) -> MidiTokens:
    midi = compose_song(plan.features, plan.style, plan.bars, plan.seed).to_midi()
    return tokenize_midi(midi, events=True)


def _learning_curve(trained: TrainedFigaro) -> str:
    return markdown_table(
        [
            {
                "step": record.step,
                "training loss": record.train_loss,
                "held-out loss": record.validation_loss,
                "perplexity": record.perplexity,
            }
            for record in trained.history
        ],
        float_format=".3f",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
