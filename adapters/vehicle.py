"""The parts of a vehicle: which seats and windows a word means, as they are named in its attributes. Pure."""

from __future__ import annotations

from octopus_hub.config.plan import Scalar

SEATS = ("driver", "passenger", "rear_left", "rear_right")
WINDOWS = ("front_left", "front_right", "rear_left", "rear_right")


def seats(said: Scalar | None) -> tuple[str, ...]:
    """The seats of a word, as they are named in a vehicle's attributes; the driver's where none was said."""
    groups = {
        "front": SEATS[:2],
        "rear": SEATS[2:],
        "all": SEATS,
    }
    word = "driver" if said is None else str(said)
    return groups.get(word, (word.replace(" ", "_"),))


def windows(said: Scalar | None) -> tuple[str, ...]:
    """The windows of a word, likewise; all where none was said. Driver and passenger are taken to sit left and right."""
    groups = {
        "all": WINDOWS,
        "front": WINDOWS[:2],
        "rear": WINDOWS[2:],
        "driver": ("front_left",),
        "passenger": ("front_right",),
    }
    return WINDOWS if said is None else groups.get(str(said), (str(said).replace(" ", "_"),))
