"""Invented names of artists, songs and albums, with accents and punctuation as in real ones."""

from __future__ import annotations

from emo_assets.synthetic_corpus.seeded_random import SeededRandom


def _words(text: str) -> tuple[str, ...]:
    """Split text at spaces; an underscore is a space within a name."""
    return tuple(word.replace("_", " ") for word in text.split())


_ADJECTIVES = _words("""
    Amber Broken Copper Crooked Distant Electric Faded Gentle Golden Hollow Idle Ivory Lonesome Lunar
    Marble Midnight Neon Northern Paper Quiet Restless Rusty Salted Silent Silver Sunken Velvet
    Wandering Wicked Winter
""")
_THINGS = _words("""
    Anchors Arcade Avenue Bicycles Bonfire Cathedral Compass Coyotes Engines Ferries Foxes Gardens
    Harbour Herons Horizon Kites Lanterns Magnets Meadows Mirrors Orchard Paradox Pilots Pines Radios
    Satellites Sparrows Staircase Static Telegraph Tigers Umbrellas Violets Weather
""")
_FIRST_NAMES = _words("""
    Ada Agnès Alba Björn Bruno Céline Chloë Dario Édith Elin Ezra Fabián Greta Hana Inês Iván Jonas José
    Juno Lars Léa Lucía Mabel Márcio Nadia Noël Odile Otis Pilar Rémi Ruth Søren Tomás Ursula Vera Wanda
    Zoë
""")
_LAST_NAMES = _words("""
    Abernathy Ålund Baptiste Böhm Calloway Castaño Delacroix Eklund Ferreira Flórez Gallant Hargrove
    Ibáñez Jansson Kessler Lindqvist Marlowe Monteiro Nakano Núñez Oduya Okafor Peña Quill Rasmussen
    Sandoval Sørensen Tavares Underhill Villeneuve Whitlock Yates Zeller
""")
_VERBS = _words("Break Call Carry Chase Drown Follow Forget Hold Keep Leave Light Lose Miss Move Tell Wake")
_PLACES = _words("""
    Avignon Bergen Brooklyn Cádiz Coimbra Galway Havana Kraków Lisbon Lyon Málaga Marfa Memphis Montréal
    Nairobi Oaxaca Porto Reykjavík São_Paulo Tromsø Tulsa Zürich
""")
_TIMES = _words("Dawn Daybreak Evening Friday July Midnight Morning November Summer Sunday Tonight Winter")
_NOUNS = _words("""
    Ashes Ballroom Blue Bridges Chrome Clouds Cinnamon Dust Echoes Embers Fever Fire Gasoline Gravity
    Heart Honey Ink Letters Lightning Love Moonlight Mountain Ocean Postcards Rain River Rooftops
    Rumours Sand Shadow Shoulders Silence Skyline Smoke Snow Strangers Streetlight Sugar Thunder Tide
    Trouble Wildflower Wires
""")
_FOREIGN_TITLES = _words("""
    Été_sans_fin Corazón_de_papel Más_allá_del_río Der_letzte_Zug Último_verão La_pluie_à_Lyon
    Noche_de_abril Sølvmåne Canção_da_maré Über_den_Dächern L'heure_bleue Mañana_en_tu_calle
    Träumerei_im_Regen Je_t'écris_encore Vår_i_november
""")
_ALBUMS = ("Live Wire Sessions", "Collected Works", "First Light", "The Long Way Round", "Room for Two")


def artist_name(rng: SeededRandom) -> str:
    """Return an invented artist: a person, a band or a duo."""
    adjective, thing = rng.pick(_ADJECTIVES), rng.pick(_THINGS)
    person = f"{rng.pick(_FIRST_NAMES)} {rng.pick(_LAST_NAMES)}"
    shape = rng.below(10)
    if shape < 3:
        return f"The {adjective} {thing}"
    if shape < 5:
        return f"{adjective} {thing}"
    if shape < 8:
        return person
    if shape < 9:
        return f"{person} & The {thing}"
    return f"{rng.pick(_LAST_NAMES)} & {rng.pick(_LAST_NAMES)}"


def song_title(rng: SeededRandom) -> str:
    """Return an invented title."""
    noun, other = rng.pick(_NOUNS), rng.pick(_NOUNS)
    adjective, time = rng.pick(_ADJECTIVES), rng.pick(_TIMES)
    place = rng.pick(_PLACES)
    verb = rng.pick(_VERBS)
    shapes = (
        f"{adjective} {noun}",
        f"{noun} and {other}",
        f"{noun} in {place}",
        f"{verb} Me {time}",
        f"Don't {verb} the {noun}",
        f"{verb} Your {noun}",
        f"The {noun} of {place}",
        f"Until the {noun}, Until {time}",
        f"What's Left of {time}?",
        f"({verb} Me) Like {noun}",
        f"{10 + rng.below(90)} Days of {noun}",
        f"{noun}!",
        f"I'm Gonna {verb} That {noun}",
    )
    return rng.pick(_FOREIGN_TITLES) if rng.bernoulli(0.1) else rng.pick(shapes)


def album_name(artist: str, title: str, rng: SeededRandom) -> str:
    """Return an invented album that contains `title` by `artist`."""
    adjective, noun = rng.pick(_ADJECTIVES), rng.pick(_NOUNS)
    volume = f"{noun}, Vol. {1 + rng.below(3)}"
    return rng.pick((title, f"{adjective} {noun}", volume, artist, rng.pick(_ALBUMS)))
