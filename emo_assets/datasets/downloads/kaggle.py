"""The Spotify table from Kaggle, through Kaggle's own client.

The client resumes a download that was cut off and checks the sum that Kaggle serves with it; a public data
set needs no account. Nothing of the table's columns is known here.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from emo_assets.datasets.downloads.fetching import RetryPolicy
from emo_assets.errors import InputError
from emo_assets.store import atomic_write

DATA_SET = "maharshipandya/-spotify-tracks-dataset"
TABLE = "dataset.csv"


def spotify_table(folder: Path, *, retry: RetryPolicy | None = None) -> Path:
    """Return the Kaggle Spotify table in `folder`, downloading it where it is not there yet.

    Args:
        folder: where it goes, as `dataset.csv`; made when missing.
        retry: how long to go on trying.

    Raises:
        InputError: it cannot be had; the message says how to place it by hand.
    """
    out = folder / TABLE
    if out.exists():
        return out
    with _downloaded(retry or RetryPolicy(), out).open("rb") as brought, atomic_write(out) as file:
        shutil.copyfileobj(brought, file)
    return out


def _downloaded(retry: RetryPolicy, out: Path) -> Path:
    """Let Kaggle's client bring the table into its own cache, trying again when it is cut off."""
    import kagglehub
    import requests
    from kagglehub.exceptions import DataCorruptionError, KaggleApiHTTPError

    failure: Exception | None = None
    for failures in range(retry.failures):
        if failures:
            time.sleep(retry.wait(failures))
        try:
            return Path(kagglehub.dataset_download(DATA_SET, path=TABLE))
        except KaggleApiHTTPError as error:
            failure = error
            if error.response is None or error.response.status_code < 500:
                break
        except (requests.RequestException, DataCorruptionError) as error:
            failure = error
    reason = " ".join(str(failure).split())[:160]
    raise InputError(
        f"https://www.kaggle.com/datasets/{DATA_SET}: cannot be downloaded ({reason}). By hand: place its "
        f"{TABLE} at {out.absolute()}, or name its place with the source 'local' (raw_data.spotify)"
    ) from failure
