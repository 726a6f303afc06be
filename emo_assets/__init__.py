"""Music from feelings: ten Spotify audio features in, a song that sounds like them out.

The packages follow the flow of the data: `sources` → `linking` → `symbolic` → `describing` → `figaro`
→ `audio`, with `pipeline` (Dagster), `cli` (the `emo` command) and `generation` (a request → a track)
on top.
"""
