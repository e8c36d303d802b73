"""The parts of a vehicle: which seats, doors and windows a word means, as they are named in its attributes. Pure."""

from __future__ import annotations

from octopus_hub.config.plan import Scalar

SEATS = ("driver", "passenger", "rear_left", "rear_right")
PLACES = ("front_left", "front_right", "rear_left", "rear_right")
"""Where its doors and their windows are."""


def seats(said: Scalar | None) -> tuple[str, ...]:
    """The seats of a word, as they are named in a vehicle's attributes; the driver's where none was said."""
    groups = {
        "front": SEATS[:2],
        "rear": SEATS[2:],
        "all": SEATS,
    }
    word = "driver" if said is None else str(said)
    return groups.get(word, (word.replace(" ", "_"),))


def places(said: Scalar | None, *, drives_right: bool = False) -> tuple[str, ...]:
    """The doors or windows of a word, likewise; all where none was said. `drives_right`: the driver sits on the right."""
    driver, passenger = PLACES[:2][::-1] if drives_right else PLACES[:2]
    groups = {
        "all": PLACES,
        "front": PLACES[:2],
        "rear": PLACES[2:],
        "driver": (driver,),
        "passenger": (passenger,),
    }
    return PLACES if said is None else groups.get(str(said), (str(said).replace(" ", "_"),))
