"""What the linked songs are like, to be looked at before models learn from them."""

from typing import Any

import dagster as dg

from emo_assets.features import FEATURE_NAMES, feature_range
from emo_assets.pipeline.checks import CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import picture, table_metadata
from emo_assets.pipeline.resources import StoreResource
from emo_assets.store import atomic_write


@dg.asset(io_manager_key="tables", kinds={"parquet", "matplotlib", "html"})
def feature_report(matched_tracks: Table, spotify_tracks: Table, store: StoreResource) -> dg.Output[Any]:
    """Each feature's distribution and kind, genres, correlations, and the bias of the linked songs."""
    from emo_assets.evaluation.exploration import explore
    from emo_assets.reports.exploration_figures import feature_pngs
    from emo_assets.reports.exploration_page import report_page

    found = explore(matched_tracks, spotify_tracks)
    pictures = feature_pngs(found)
    page = store.open().reports / "feature_report.html"
    with atomic_write(page) as file:
        file.write(report_page(found, pictures).encode())
    return dg.Output(
        found.table,
        metadata={
            **table_metadata(found.table, "feature_report"),
            "page": dg.MetadataValue.path(str(page)),
            **{name: picture(content, name) for name, content in pictures.items()},
        },
    )


def check_features(run: CheckRun) -> CheckOutcome:
    """Each of the ten features has a row, with statistics in its range."""
    report = run.table().read(["feature", "songs", "min", "mean", "max"])
    problems = []
    rows = report.set_index("feature")
    if list(report["feature"]) != list(FEATURE_NAMES):
        problems.append(
            f"its rows are not the ten features but {', '.join(map(str, report['feature'][:12]))}"
        )
    for name in [name for name in FEATURE_NAMES if name in rows.index]:
        least, most = feature_range(name)
        low, mean, high = rows.loc[[name], ["min", "mean", "max"]].to_numpy(dtype=float)[0].tolist()
        # Undetected values, such as a tempo of 0, are counted apart and in none of these statistics.
        if not least <= low <= mean <= high <= most:
            problems.append(f"{name} has the minimum {low:g}, the mean {mean:g} and the maximum {high:g}")
    songs = int(report["songs"].min()) if len(report) else 0
    if not songs:
        problems.append("a feature has no songs")
    return CheckOutcome(problems, {"songs": songs})


feature_report_checks = asset_checks("feature_report", check_features, blocking=False)
