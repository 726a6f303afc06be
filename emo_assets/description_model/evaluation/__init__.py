"""How well description models predict and sample: metrics, baselines, the scoreboard."""
