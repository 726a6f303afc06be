"""A process for the pool that ends before it has started."""

raise SystemExit(3)
