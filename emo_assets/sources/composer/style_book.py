"""The list of all styles, by name."""

from __future__ import annotations

from emo_assets.sources.composer import band_styles, other_styles
from emo_assets.sources.composer.styles import Style

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        band_styles.DISCO,
        band_styles.SYNTH_POP,
        band_styles.ROCK,
        band_styles.METAL,
        band_styles.HOUSE,
        band_styles.REGGAE,
        band_styles.FUNK,
        band_styles.COUNTRY,
        other_styles.BALLAD,
        other_styles.BLUES,
        other_styles.WALTZ,
        other_styles.FOLK,
        other_styles.JAZZ,
        other_styles.CLASSICAL_PIANO,
        other_styles.BOSSA_NOVA,
        other_styles.AMBIENT,
    )
}
"""Every style that the composer knows."""
