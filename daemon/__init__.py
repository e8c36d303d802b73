"""The hub as a program: commands in, outcomes out."""
