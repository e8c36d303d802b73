"""Making adapters: the only place, with the transformers engine, that imports torch."""
