"""The `emo` command: each sub-command is a thin call into a package.

Holds options, help texts and how results are printed. Wrong input ends in one clear line and exit code 2,
never in a traceback. What a command does is decided in the package that it calls.
"""

from __future__ import annotations

import inspect
import json
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.progress import terminal_progress
from emo_assets.store import DEFAULT_BASE, Store, atomic_write

app = typer.Typer(
    name="emo",
    help="Music from feelings: ten Spotify audio features in, a song that sounds like them out.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

StoreOption = Annotated[
    str, typer.Option("--store", help="The store's base path: a folder or an fsspec URL.")
]


@app.callback(invoke_without_command=True)
def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Run the command line: exit 0 when done, 2 with one line on standard error when the input is wrong."""
    try:
        result = app(standalone_mode=False)
    except InputError as error:
        _leave(str(error))
    except typer.TyperException as error:
        _leave(f"{error.format_message()} (`emo --help` lists commands and options)")
    except OSError as error:
        where = f"{error.filename}: {error.strerror}" if error.filename is not None else str(error)
        _leave(f"{where}; check the path, and what may be read and written there")
    except (typer.Abort, KeyboardInterrupt):
        print("emo: interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


def _leave(message: str) -> None:
    print(f"emo: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _takes_features(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each feature and hand it those given as `features`."""

    def wrapped(**options: Any) -> None:
        given = {name: options.pop(name) for name in FEATURE_NAMES}
        command(**options, features={name: value for name, value in given.items() if value is not None})

    signature = inspect.signature(command, eval_str=True)
    parameters = [parameter for name, parameter in signature.parameters.items() if name != "features"]
    for name in FEATURE_NAMES:
        smallest, largest = feature_range(name)
        field = FeatureVector.model_fields[name]
        option = typer.Option(
            f"--{name.replace('_', '-')}",
            help=f"{field.description} [{smallest:g} to {largest:g}; default {field.default:g}]",
            metavar="VALUE",
        )
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
            )
        )
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    return wrapped


@app.command()
def compose(
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not hold another corpus.")],
    songs: Annotated[int, typer.Option(help="How many songs to compose.", min=1, max=100_000)] = 240,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.", min=0)] = 0,
) -> None:
    """Compose the sample corpus: songs and the three data sets."""
    from emo_assets.synthetic_corpus.corpus import compose_corpus

    with terminal_progress() as progress:
        summary = compose_corpus(out, songs=songs, seed=seed, progress=progress)
    print(summary)


@app.command()
def link(
    spotify: Annotated[Path, typer.Option(help="The Kaggle table of Spotify tracks (CSV).")],
    msd: Annotated[Path, typer.Option(help="The Million Song names (unique_tracks.txt).")],
    out: Annotated[Path, typer.Option(help="The parquet file of links to write.")],
) -> None:
    """Link Spotify with Million Song tracks by artist and title."""
    from emo_assets.datasets.msd import read_msd
    from emo_assets.datasets.spotify import read_spotify
    from emo_assets.linking.matching import link_tracks

    spotify_read, msd_read = read_spotify(spotify), read_msd(msd)
    with terminal_progress() as progress:
        links = link_tracks(spotify_read.rows, msd_read.rows, progress=progress)
    with atomic_write(out) as file:
        links.to_parquet(file, index=False)
    methods = ", ".join(f"{count:,} {method}" for method, count in links["method"].value_counts().items())
    rejected = len(spotify_read.rejects) + len(msd_read.rejects)
    print(f"{len(links):,} links ({methods or 'none'}) in {out}; {rejected:,} rows were refused")


@app.command()
@_takes_features
def generate(
    features: dict[str, str],
    out: Annotated[Path, typer.Option(help="The file to write: .wav, .ogg, .flac, .mp3 or .mid.")],
    preset: Annotated[str | None, typer.Option(help="Start from this request of the store.")] = None,
    bars: Annotated[int | None, typer.Option(help="Length in bars [default 16, or the preset's].")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another song.")] = None,
    strictness: Annotated[
        str | None,
        typer.Option(help="How closely to follow the features: loosely, normally or strictly."),
    ] = None,
    sound_font: Annotated[Path | None, typer.Option(help="Another sound font (.sf2).")] = None,
    reverb: Annotated[bool, typer.Option(help="The synthesizer's reverb.")] = True,
    chorus: Annotated[bool, typer.Option(help="The synthesizer's chorus.")] = True,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Let FIGARO see whole windows, as its authors do: many times slower."),
    ] = False,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Make a song from features, in one command, without Dagster.

    The store's champion describes it; `make demo` trains one.
    """
    request = _request(Store(store), "song", preset, features, bars=bars, seed=seed, strictness=strictness)
    from emo_assets.audio.rendering import SoundSettings
    from emo_assets.generation import generate_track, load_models, output_file

    files = output_file(out, sound_font)
    models = load_models(Store(store), exact=exact)
    sound = SoundSettings(sound_font, reverb=reverb, chorus=chorus)
    with terminal_progress() as progress:
        track = generate_track(request, models, files, sound=sound, progress=progress)
    print(track.summary())


@app.command()
@_takes_features
def request(
    name: Annotated[str, typer.Argument(help="The request's name: a-z, 0-9, '.', '_' and '-'.")],
    features: dict[str, str],
    preset: Annotated[str | None, typer.Option(help="Start from this request of the store.")] = None,
    bars: Annotated[int | None, typer.Option(help="Length in bars [default 16, or the preset's].")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another song.")] = None,
    strictness: Annotated[
        str | None,
        typer.Option(help="How closely to follow the features: loosely, normally or strictly."),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the request and its song instead.")
    ] = False,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Register a request for the pipeline to render; or remove one."""
    from emo_assets.song_request import write_request

    if remove:
        from emo_assets.pipeline.instance import delete_request

        delete_request(Store(store), name)
        print(f"{name} and what was made of it are removed")
        return
    asked = _request(Store(store), name, preset, features, bars=bars, seed=seed, strictness=strictness)
    from emo_assets.pipeline.instance import register_requests

    path = write_request(asked, Store(store).requests)
    register_requests([asked.name])
    print(f"{path} is registered; render it with")
    print(
        "  dagster asset materialize -m emo_assets.definitions --select "
        f"'requested_features*' --partition {asked.name}"
    )


def _request(
    store: Store,
    name: str,
    preset: str | None,
    features: dict[str, str],
    **given: int | str | None,
) -> Any:
    """Build the request that the options describe, on top of a preset when one is named.

    Args:
        store: where presets are.
        name: what the request is called.
        preset: the request to start from.
        features: features by name, those that were given.
        given: other fields of a request, None for those that were not given.
    """
    from emo_assets.song_request import TrackRequest, read_request, validate_name

    values: dict[str, Any] = {}
    if preset is not None:
        path = store.requests / f"{validate_name(preset)}.yaml"
        if not path.exists():
            known = ", ".join(sorted(file.stem for file in store.requests.glob("*.yaml"))) or "none"
            raise InputError(f"there is no preset {preset!r} in {store.requests}; there are: {known}")
        values = read_request(path).model_dump()
    values |= {key: value for key, value in given.items() if value is not None}
    values["features"] = FeatureVector.from_values({**values.get("features", {}), **features})
    return TrackRequest.from_values({**values, "name": name})


@app.command()
def describe(
    paths: Annotated[list[Path], typer.Argument(help="MIDI files, and folders for all .mid files below.")],
    events: Annotated[bool, typer.Option("--events", help="Print the event tokens too.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse files without a time signature, as the reference does.")
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Processes [default: one a core].", min=1)] = None,
    out: Annotated[
        Path | None, typer.Option(help="Append to this file instead, and go on where it stopped.")
    ] = None,
) -> None:
    """Read MIDI files into FIGARO's description: one JSON line a file."""
    from emo_assets.tokens.batch import extract_files, extracted_names, find_midi_files

    done = extracted_names(out) if out is not None and out.exists() else frozenset()
    files = find_midi_files(paths, done=done)
    with _lines_to(out) as write, terminal_progress() as progress:
        results = extract_files(files, workers=workers, strict=strict, events=events, progress=progress)
        for result in results:
            write(json.dumps(result.as_document(), ensure_ascii=False))


@app.command()
def studio(
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine's own need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65_535)] = 8000,
    token: Annotated[
        str | None, typer.Option(help="What clients must know.", envvar="EMO_STUDIO_TOKEN")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in a browser.")] = False,
    store: StoreOption = DEFAULT_BASE,
) -> None:
    """Open the studio: a web page and a REST API to make songs.

    Anyone can make one from a feeling there, without knowing music theory.
    """
    from emo_assets.studio.server import serve

    def opened(address: str) -> None:
        print(f"The studio is open at {address} (Ctrl+C closes it)", flush=True)
        if browser:
            webbrowser.open(address)

    serve(store, host=host, port=port, token=token, opened=opened)


@contextmanager
def _lines_to(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that writes one line to standard output or, at once, to the end of a file."""
    if out is None:
        yield lambda line: print(line, flush=True)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as file:

        def write(line: str) -> None:
            file.write(line + "\n")
            file.flush()

        yield write


if __name__ == "__main__":
    main()
