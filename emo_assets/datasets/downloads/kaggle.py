"""Download the Spotify table with Kaggle's client.

The client resumes interrupted downloads and verifies Kaggle's checksum; public data sets need no account.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from emo_assets.datasets.downloads.fetch import DEFAULT_RETRY, RetryPolicy
from emo_assets.errors import InputError
from emo_assets.store import atomic_write

DATASET = "maharshipandya/-spotify-tracks-dataset"
TABLE = "dataset.csv"


def spotify_table(folder: Path, *, retry: RetryPolicy = DEFAULT_RETRY) -> Path:
    """Return the Kaggle Spotify table in `folder`, downloading it as `dataset.csv` if it is not there.

    Raises:
        InputError: the download failed; the message says how to place the file by hand.
    """
    out = folder / TABLE
    if not out.exists():
        with _download(retry, out).open("rb") as cached, atomic_write(out) as file:
            shutil.copyfileobj(cached, file)
    return out


def _download(retry: RetryPolicy, out: Path) -> Path:
    """Download the table into the cache of Kaggle's client and return its path there."""
    import kagglehub
    import requests
    from kagglehub.exceptions import DataCorruptionError, KaggleApiHTTPError

    failure: Exception | None = None
    for failures in range(retry.attempts):
        if failures:
            retry.sleep(failures)
        try:
            return Path(kagglehub.dataset_download(DATASET, path=TABLE))
        except KaggleApiHTTPError as error:
            failure = error
            if error.response is None or error.response.status_code < 500:
                break
        except (requests.RequestException, DataCorruptionError) as error:
            failure = error
    reason = " ".join(str(failure).split())[:160]
    raise InputError(
        f"https://www.kaggle.com/datasets/{DATASET}: cannot be downloaded ({reason}). "
        f"By hand: place its {TABLE} at {out.absolute()}, or give its path with the source 'local' "
        "(raw_data.spotify)"
    ) from failure
