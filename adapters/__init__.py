"""Carry calls out and read states; know no model."""
