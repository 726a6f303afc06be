"""The list of all styles, by name."""

from __future__ import annotations

from emo_assets.synthetic_corpus.style import Style
from emo_assets.synthetic_corpus.styles import band, quiet

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        band.DISCO,
        band.SYNTH_POP,
        band.ROCK,
        band.METAL,
        band.HOUSE,
        band.REGGAE,
        band.FUNK,
        band.COUNTRY,
        quiet.BALLAD,
        quiet.BLUES,
        quiet.WALTZ,
        quiet.FOLK,
        quiet.JAZZ,
        quiet.CLASSICAL_PIANO,
        quiet.BOSSA_NOVA,
        quiet.AMBIENT,
    )
}
"""Every style that the composer knows."""
