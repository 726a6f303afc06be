"""Makes the weights that ship with the package, with their model card; `make weights` runs it.

The songs come from a folder that `emo compose` wrote: two commands make the weights again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from emo_assets.errors import InputError
from emo_assets.evaluation.fidelity import fidelity_report
from emo_assets.figaro.config import TRAININGS
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.training import TrainedFigaro, TrainingRecord, is_held_out, song_of, train_on_songs
from emo_assets.figaro.weights import BUNDLED, to_bytes
from emo_assets.progress import Progress, no_progress, terminal_progress
from emo_assets.store import atomic_write
from emo_assets.tokens.batch import extract_files

MEASURED_SONGS = 40
"""Held-out songs that the fidelity on the card is measured on."""

FOLDER = Path(__file__).parent / "bundled"

_CARD = """\
# Model card: {file}

A small FIGARO: it reads a description (per bar: time signature, note density, mean velocity, mean pitch,
mean duration, instruments, chords) and writes the notes. It ships with emo_assets as the default source of
`figaro_model`.

| what | value |
|---|---|
| network | {encoder_layers} encoder and {decoder_layers} decoder layers, width {d_model}, {heads} heads |
| | feed-forward {feed_forward}, context {context} |
| parameters | {parameters:.1f} M, stored as float16 ({megabytes:.1f} MB) |
| data | {songs} songs of the built-in composer, nobody's recordings or transcriptions |
| | `emo compose CORPUS --songs {data_songs} --seed {data_seed}`; {held_out} more songs held out by a hash |
| training | {steps} steps of {batch} windows: {tokens:.1f} M tokens, transposed to all keys |
| | AdamW, learning rate {learning_rate:g}, seed {seed}; weights of step {best_step} |
| | `python -m emo_assets.bundle_weights CORPUS`, as `make weights` does |
| held-out perplexity | {perplexity:.3f} a token |

## Learning curve

{curve}

## Fidelity

{measured} held-out songs, their first 16 bars written from their descriptions and compared with the songs.
*Ceiling*: the songs written as MIDI and read again; *floor*: other songs. `density_error` is best at 0, all
else at 1.

{fidelity}

## Limits

It knows the styles, instruments and meters of the composer and no others; what it writes sounds like them.
Songs of more than 48 bars are longer than any it has seen. The weights are free to use under the project's
license.
"""


def main(arguments: Sequence[str]) -> int:
    """Train on a composed corpus and write weights and card; exit code 2 with one line on wrong input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder that `emo compose` wrote")
    parser.add_argument("--songs", type=int, required=True, help="what the corpus was composed with")
    parser.add_argument("--seed", type=int, required=True, help="what the corpus was composed with")
    parser.add_argument("--state", type=Path, help="file to keep the state of training in, to go on from")
    asked = parser.parse_args(arguments)
    try:
        with terminal_progress() as progress:
            _make(asked.corpus, asked.songs, asked.seed, asked.state, progress)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _make(corpus: Path, songs: int, seed: int, state: Path | None, progress: Progress) -> None:
    torch.set_num_threads(1)
    config = TRAININGS["small"]
    read = read_corpus(corpus, progress=progress)
    trained = train_on_songs([song for _, song in read], config, checkpoint=state, progress=progress)
    held_out = [content for content, song in read if is_held_out(song, config.held_out_share)]
    report = fidelity_report(Figaro(trained.network), held_out[:MEASURED_SONGS], progress=progress)
    provenance = {
        "data": f"emo compose --songs {songs} --seed {seed}",
        "steps": str(trained.best.step),
        "held_out_perplexity": f"{trained.best.perplexity:.3f}",
    }
    weights = to_bytes(trained.network, provenance=provenance, half=True)
    card = model_card(trained, report, (songs, seed), (len(read), len(held_out)), len(weights))
    for name, content in ((BUNDLED, weights), ("MODEL_CARD.md", card.encode())):
        with atomic_write(FOLDER / name) as file:
            file.write(content)


def read_corpus(corpus: Path, *, progress: Progress = no_progress) -> list[tuple[bytes, TrainingSong]]:
    """Read a corpus' different MIDI files, in the order of their md5 sums; broken ones are left out.

    Returns:
        Each file's content and the song it holds.

    Raises:
        InputError: the folder holds none.
    """
    files = {path.stem: path for path in (corpus / "lmd_matched").rglob("*.mid")}
    if not files:
        raise InputError(f"{corpus}: has no lmd_matched/**/*.mid; compose it first with `emo compose`")
    contents = [files[md5].read_bytes() for md5 in sorted(files)]
    items = list(zip(sorted(files), contents, strict=True))
    read = extract_files(items, events=True, progress=progress)
    return [
        (content, song_of(extracted.tokens))
        for content, extracted in zip(contents, read, strict=True)
        if extracted.tokens is not None
    ]


def model_card(
    trained: TrainedFigaro, report: pd.DataFrame, data: tuple[int, int], files: tuple[int, int], size: int
) -> str:
    """Write the card of trained weights, in Markdown.

    Args:
        trained: the training.
        report: its fidelity report.
        data: songs and seed that the corpus was composed with.
        files: songs in all, and held out.
        size: of the weights' file, in bytes.
    """
    config, network = trained.config, trained.network
    return _CARD.format(
        file=BUNDLED,
        **network.config.model_dump(),
        parameters=sum(weight.numel() for weight in network.parameters()) / 1e6,
        megabytes=size / 1e6,
        songs=files[0] - files[1],
        held_out=files[1],
        data_songs=data[0],
        data_seed=data[1],
        steps=config.steps,
        batch=config.batch,
        tokens=config.steps * config.batch * network.config.context / 1e6,
        learning_rate=config.learning_rate,
        seed=config.seed,
        best_step=trained.best.step,
        perplexity=trained.best.perplexity,
        curve=_curve(trained.history),
        measured=int(report["songs"].iloc[0]),
        fidelity=_table(report),
    )


def _curve(history: Sequence[TrainingRecord]) -> str:
    lines = ["| step | training loss | held-out loss | perplexity |", "|---:|---:|---:|---:|"]
    lines += [
        f"| {record.step} | {record.train_loss:.3f} | {record.validation_loss:.3f} "
        f"| {record.perplexity:.2f} |"
        for record in history
    ]
    return "\n".join(lines)


def _table(report: pd.DataFrame) -> str:
    lines = ["| measure | written | ceiling | floor |", "|---|---:|---:|---:|"]
    lines += [
        f"| {measure} | {row['written']:.3f} | {row['ceiling']:.3f} | {row['floor']:.3f} |"
        for measure, row in report.iterrows()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
