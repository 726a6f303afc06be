"""Music from feelings: ten Spotify audio features in, a song that sounds like them out.

The packages follow the flow of the data: `datasets`, `linking` → `midi`, `tokens` → `description_model` →
`figaro` → `audio`. `generation` turns a request into a track; `pipeline` (Dagster), `studio` and `cli` (the
`emo` command) are the entry points.
"""
