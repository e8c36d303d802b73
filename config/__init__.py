"""Words, types and files of a house; knows no model, adapter or daemon."""
