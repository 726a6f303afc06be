"""The feature report: one HTML page that shows and explains the data, with its pictures embedded."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from emo_assets.reports import style

if TYPE_CHECKING:
    from emo_assets.evaluation.exploration import Exploration

TABLE_COLUMNS = (
    *("feature", "kind", "mean", "std", "min", "median", "max", "skewness", "undetected"),
    *("all_mean", "shift", "distance"),
)

_STYLE_SHEET = f"""
body {{ background: {style.PAPER}; color: {style.INK}; font: 16px/1.5 system-ui, sans-serif;
  margin: 2rem auto; max-width: 1200px; padding: 0 1rem; }}
h1 {{ margin-bottom: 0; }} h2 {{ margin-top: 2.5rem; }} p {{ max-width: 46rem; }}
img {{ max-width: 100%; }} .quiet {{ color: {style.FAINT_INK}; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }}
td, th {{ padding: .3rem .7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid {style.LINES}; }}
td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) {{ text-align: left; }}
"""


def findings(found: Exploration) -> list[str]:
    """Return what the numbers show in a few sentences."""
    kinds = found.table.groupby("kind", sort=True)["feature"].agg(list)
    sentences = [f"{str(kind).capitalize()}: {_listed(names)}." for kind, names in kinds.items()]
    top = found.genres.head(5)
    absent = int((found.genres["linked"] == 0).sum())
    sentences.append(
        f"Most linked songs are {_listed([f'{row.genre} ({row.linked})' for row in top.itertuples()])}; "
        f"{absent} of {len(found.genres)} genres have none."
    )
    sentences += [
        f"{first.capitalize()} and {second} go "
        f"{'together' if value > 0 else 'against each other'} ({value:+.2f})."
        for first, second, value in found.strong_pairs[:4]
    ]
    table = found.table[found.table["feature"] != "key"]
    clear = table[table["shift"].abs() > table["shift_error"]].sort_values("shift", key=abs, ascending=False)
    shifts = [
        f"{'more' if shift > 0 else 'less'} {name} ({shift:+.2f} σ)"
        for name, shift in zip(clear["feature"].head(3), clear["shift"].head(3), strict=True)
    ]
    sentences.append(
        f"Linking favors songs with {_listed(shifts)}."
        if shifts
        else "The linked songs differ from all songs by no more than chance."
    )
    return sentences


def report_page(found: Exploration, pictures: Mapping[str, bytes]) -> str:
    """Return the page: findings, pictures (see `feature_pngs`) and the table of all features."""
    facts = "".join(f"<li>{escape(sentence)}</li>" for sentence in findings(found))
    table = found.table[list(TABLE_COLUMNS)].rename(columns={"all_mean": "mean of all"})
    shown = table.to_html(index=False, border=0, float_format=lambda value: f"{value:.2f}", na_rep="")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Feature report</title><style>{_STYLE_SHEET}</style></head><body>
<h1>Feature report</h1>
<p class="quiet">{len(found.linked):,} songs linked to a MIDI file ({found.linked_tracks:,} Spotify tracks),
compared with all {len(found.all_songs):,} songs of the table ({found.all_tracks:,} tracks). A song has a
track id on each of its albums; here the same artists and title count once, by the most popular track.</p>
<ul>{facts}</ul>
<h2>Distributions</h2>{_image("distributions of the ten features", pictures["distributions"])}
<p>A feature is discrete when it takes whole numbers only; else it is skewed when the skewness of the linked
songs is {found.skewness_threshold:g} or more in size, and balanced otherwise. Bars and the full line are the
linked songs (numbers in bars: their share in %), the dashed line and the strokes are all songs. Colored: the
kind, and the skewness.</p>
<h2>Genres and popularity</h2>{_image("genres and popularity", pictures["genres"])}
<p>A song counts in each of its genres: the shares add up to more than 100 %.</p>
<h2>Correlation</h2>{_image("rank correlation of the features", pictures["correlations"])}
<h2>What linking changes</h2>{_image("difference between linked and all songs", pictures["bias"])}
<p>Models learn from the linked songs: where these differ from all songs, generated songs are biased the same
way.</p>
<h2>All numbers</h2><div class="wide">{shown}</div>
<p class="quiet">Undetected values (key −1, tempo 0, time signature 0) are left out. Shift: difference of the
means in standard deviations of all songs. Distance: the Kolmogorov-Smirnov statistic, 0 to 1.</p>
</body></html>
"""


def _image(words: str, content: bytes) -> str:
    return f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def _listed(words: list[str]) -> str:
    """Join words as in a sentence: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
