"""Learn the ear that ships with the package from a store's linked songs; `make ear` runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.metrics import ear
from emo_assets.metrics.ear_learning import learn_ear
from emo_assets.metrics.metrics_table import linked_songs
from emo_assets.progress import terminal_progress
from emo_assets.store import Store, atomic_write

COMMAND = "make ear STORE=FOLDER"


def main(arguments: Sequence[str]) -> int:
    """Learn the ear and write it; exit code 2 with one line on wrong input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="folder of a store with song_metrics of real songs")
    options = parser.parse_args(arguments)
    table = Store(options.store).asset_file("song_metrics.parquet")
    try:
        if not table.exists():
            raise InputError(f"{table} is missing: materialize song_metrics in this store first")
        songs = linked_songs(_read(table))
        source = f"{len(songs)} linked songs of Spotify, the Million Song Dataset and Lakh MIDI"
        with terminal_progress() as progress:
            learned = learn_ear(songs, source=source, command=COMMAND, progress=progress)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    with atomic_write(Path(ear.__file__).with_name("default_ear.json")) as file:
        file.write(learned.to_json().encode())
    return 0


def _read(path: Path | UPath) -> pd.DataFrame:
    try:
        with path.open("rb") as file:
            return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} is damaged ({reason}): materialize song_metrics again") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
