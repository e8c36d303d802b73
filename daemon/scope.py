"""Which devices a target means, for one function, in this house, now, from where the speaker is. Pure.

The one place for the rules of "the light", "the lights" and "all the lights".
"""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config.house import ActionClass, Device, called
from octopus_hub.config.plan import Described, GroupNamed, Named, Quantifier, Selector, Target
from octopus_hub.daemon.conditions import STATE_KINDS, is_available
from octopus_hub.daemon.nouns import KIND_WORDS, meant_by, plural_of
from octopus_hub.daemon.policy import device_action_class
from octopus_hub.daemon.properties import best_sources, read, room_thermometers, words_of
from octopus_hub.daemon.quantities import Subject
from octopus_hub.daemon.replies import Code, Unresolved, ask, refusal, the
from octopus_hub.daemon.search import Search
from octopus_hub.models.shards import words

PLAYING = ("playing", "paused", "on")
PREFERRED: Mapping[str, tuple[str, ...]] = {
    "turn_off": ("on",),
    "step_brightness": ("on",),
    "step_color_temperature": ("on",),
    "media_play": ("paused", "on"),
    "media_pause": ("playing",),
    "media_stop": ("playing", "paused"),
    "media_next": PLAYING,
    "media_previous": PLAYING,
    "set_volume": PLAYING,
    "step_volume": PLAYING,
    "mute": PLAYING,
    "unmute": ("muted", *PLAYING),
    "set_shuffle": PLAYING,
    "set_repeat": PLAYING,
    "play_media": PLAYING,
    "select_source": ("on",),
    "set_sound_mode": PLAYING,
    "set_temperature": ("on",),
    "set_temperature_range": ("on",),
    "step_temperature": ("on",),
    "set_humidity": ("on",),
    "step_humidity": ("on",),
    "set_fan_speed": ("on",),
    "step_fan_speed": ("on",),
    "set_oscillation": ("on",),
    "lock": ("unlocked",),
    "unlock": ("locked",),
    "open": ("closed",),
    "close": ("open",),
    "stop": ("moving",),
    "start": ("docked", "paused", "idle"),
    "pause": ("cleaning",),
    "return_to_base": ("cleaning", "paused", "idle"),
    "alarm_arm": ("disarmed",),
    "alarm_disarm": ("armed", "triggered"),
    "timer_pause": ("running",),
    "timer_resume": ("paused",),
    "timer_cancel": ("running", "paused"),
    "stop_charging": ("charging",),
}
"""Of several devices those in the first of these states are meant. Not turn_on: that one lamp is off is no reason to mean it."""

WHILE_ACTIVE = frozenset({"media_pause", "media_stop", "media_next", "media_previous"})
"""Functions that make no sense for a player that is silent: then the one that plays elsewhere is meant."""

SHARED_KINDS = frozenset({"climate", "media_player", "water_heater", "humidifier"})
"""Kinds that serve the whole floor where a room has none."""

ROOM_KINDS = frozenset({"light", "switch", "fan", "cover", "media_player", "climate", "humidifier", "valve", "scene", "button"})
"""Kinds that "the …s" means those of the room; of other kinds, those of the house."""

EVERYTHING_OFF_KINDS = frozenset({"light", "switch", "fan", "media_player", "climate", "humidifier"})
"""What "turn everything off" is about."""

GUARDING_NOUNS = frozenset({"garage door", "gate", "door", "valve"})
"""Whoever says these to open them means what opens; "all covers" or "everything" does not."""


def find_devices(search: Search, target: Target) -> tuple[Device, ...]:
    """The devices of a target, each once, in the order of the sentence. Raises Unresolved where none, or which one, is unclear."""
    found = dict.fromkeys(device.id for selector in target.include for device in _select(search, selector))
    excluded = {device.id for selector in target.exclude for device in _everything_like(search, selector)}
    by_id = search.around.house.by_id
    left = tuple(by_id[device_id] for device_id in found if device_id not in excluded)
    if not left:
        raise refusal(Code.ABSENT)
    return left


def _select(search: Search, selector: Selector) -> list[Device]:
    if isinstance(selector, Named):
        if not search.function.is_read:
            return [_named(search, selector)]
        found = _all_named(search, selector)
        return search.here(found) or found
    if isinstance(selector, GroupNamed):
        return _group(search, selector)
    return _described(search, selector)


def _everything_like(search: Search, selector: Selector) -> list[Device]:
    """What "except" leaves out: everything that the words may mean, so that in doubt less is done."""
    if isinstance(selector, Named):
        return called(search.around.house.devices, selector.name)
    if isinstance(selector, GroupNamed):
        return _members(search, selector)
    return search.in_place(meant_by(selector.noun, search.supported), selector.where)


# Names and groups


def _all_named(search: Search, selector: Named) -> list[Device]:
    house = search.around.house
    known = called(search.supported, selector.name) or called(house.devices, selector.name)
    known = search.in_place(known, selector.where)
    if not known:
        raise refusal(Code.ABSENT, what=selector.name, where=search.phrase(selector.where))
    found = [device for device in known if search.takes(device)]
    if not found:
        raise refusal(Code.NOT_SUPPORTED, device=the(known[0]))
    if search.asked_property is not None:
        return _named_sources(search, selector.name, found)
    kinds = STATE_KINDS.get(search.asked_state or "")
    return [device for device in found if kinds is None or device.kind in kinds] or found


def _named(search: Search, selector: Named) -> Device:
    found = search.most_able(_all_named(search, selector))
    here = search.here(found)
    return _only(search, here or found, selector.name) if len(found) > 1 else _present(search, found[0])


def _group(search: Search, selector: GroupNamed) -> list[Device]:
    members = [device for device in _members(search, selector) if search.takes(device)]
    return _usable(search, members, f"the group {selector.name}")


def _members(search: Search, selector: GroupNamed) -> list[Device]:
    house = search.around.house
    for group in called(house.groups, selector.name):
        return [house.by_id[device_id] for device_id in group.device_ids if device_id in house.by_id]
    raise refusal(Code.ABSENT, what=f"the group {selector.name}", where="here")


# Descriptions


def _described(search: Search, selector: Described) -> list[Device]:
    """Quantity, noun and place to devices."""
    placed = search.in_place(search.supported, selector.where)
    if selector.noun == "thing" and search.function.name == "turn_off" and selector.quantifier is not Quantifier.ONE:
        placed = [device for device in placed if device.kind in EVERYTHING_OFF_KINDS]
    pool = meant_by(selector.noun, placed)
    if search.asked_property is not None:
        return _value_sources(search, selector, pool)
    if not pool:
        raise _absent(search, selector)
    if selector.quantifier is Quantifier.ONE:
        return _one(search, selector, pool) if not search.function.is_read else _asked_one(search, selector, pool)
    if selector.quantifier is Quantifier.MANY and selector.where is None:
        pool = _in_earshot(search, pool)
    if search.function.is_read:
        return pool
    return _usable(search, _bulk(search, selector, pool), plural_of(selector.noun))


def _asked_one(search: Search, selector: Described, pool: list[Device]) -> list[Device]:
    """A question about "the light" needs no choice: it is answered for all that may be meant."""
    near = pool if selector.where else search.here(pool) or pool
    return _called(search, near, selector.noun, with_places=not selector.where)


def _in_earshot(search: Search, pool: list[Device]) -> list[Device]:
    """Those of the speaker's room, if there are any; what guards the house is meant wherever it is."""
    of_room = search.function.name == "unlock" or all(device.kind in ROOM_KINDS for device in pool)
    return (search.here(pool) or pool) if of_room else pool


def _bulk(search: Search, selector: Described, pool: list[Device]) -> list[Device]:
    """Without what must be named: hazards, devices kept out by the owner, and relays that open something."""
    allowed = [device for device in pool if _may_be_swept(search, selector, device)]
    if not allowed:
        raise refusal(Code.BY_NAME, device=the(pool[0]))
    return allowed


def _may_be_swept(search: Search, selector: Described, device: Device) -> bool:
    if not device.bulk:
        return False
    action_class = device_action_class(search.function, device)
    if action_class is ActionClass.OPEN:
        return search.function.action_class is ActionClass.OPEN or selector.noun in GUARDING_NOUNS
    return action_class is not ActionClass.HAZARD


def _usable(search: Search, pool: list[Device], what: str) -> list[Device]:
    """Those that can do it and are there, and of lights that get brighter or darker those that are on."""
    if not pool:
        raise refusal(Code.ABSENT, what=what, where="here")
    around = search.around
    present = [device for device in pool if is_available(around.state(device))]
    if not present:
        raise refusal(Code.UNAVAILABLE, device=the(pool[0]))
    capable = search.able(present)
    if search.function.name in ("step_brightness", "step_color_temperature"):
        capable = around.showing(capable, "on") or capable
    # Where none can, the values say why.
    return capable or present


# The one


def _one(search: Search, selector: Described, pool: list[Device]) -> list[Device]:
    """ "The light": by choice, place and state; lights of one room are meant together; else a question."""
    around = search.around
    pool = search.most_able(pool)
    if selector.where is None:
        pool = _where_it_was(search, _nearby(search, pool))
    if any(device.id in around.prefer for device in pool):
        return [_only(search, pool, selector.noun)]
    is_one_place = selector.where is not None or len({device.area for device in pool} - {None}) == 1
    pool = _called(search, pool, selector.noun, with_places=not is_one_place)
    if is_one_place and len(pool) > 1 and all(device.kind == "light" for device in pool):
        return _lights(search, selector, pool)
    return [_only(search, pool, selector.noun)]


def _called(search: Search, pool: list[Device], noun: str, *, with_places: bool) -> list[Device]:
    """Those of whose names most was said ("the truck" of two cars), besides words for their kind, and for rooms unless they may be
    anywhere ("the kitchen one"); else all."""
    if len(pool) == 1:
        return pool
    rooms = {area.name: words(area.name, *area.aliases) for area in search.around.house.areas}
    telling = search.around.said - words(noun, plural_of(noun)) - KIND_WORDS
    if not with_places:
        telling -= set().union(*rooms.values())

    def said_of(device: Device) -> int:
        room = rooms.get(device.area or "", set()) if with_places else set()
        return max(len((words(name) | room) & telling) for name in (device.name, *device.aliases))

    counts = [said_of(device) for device in pool]
    most = max(counts)
    return [device for device, count in zip(pool, counts, strict=True) if count == most]


def _called_in_full(search: Search, pool: list[Device]) -> list[Device]:
    """Those of which a whole name was said ("telly off", where there is a "Telly" beside "Bert's Telly"); else all."""
    said = search.around.said
    return [d for d in pool if any(words(name) and words(name) <= said for name in (d.name, *d.aliases))] or pool


def _nearby(search: Search, pool: list[Device]) -> list[Device]:
    """Those of the room; where it has none, the only one of its storey that serves the room too; else all."""
    around, here = search.around, search.here(pool)
    if search.function.name in WHILE_ACTIVE and not around.showing(here, "active"):
        playing = around.showing(pool, "playing")
        if len(playing) == 1:
            return playing
    same_floor = [device for device in pool if device.kind in SHARED_KINDS and search.is_on_this_floor(device)]
    return here or (same_floor if len(same_floor) == 1 else pool)


def _where_it_was(search: Search, pool: list[Device]) -> list[Device]:
    """ "In room three close the curtain and turn the light off": of several none of which is here, those where something is done
    already. Not to unlock: that is worth a question."""
    if len(pool) == 1 or search.here(pool) or search.function.action_class is ActionClass.OPEN:
        return pool
    return [device for device in pool if device.area in search.around.before] or pool


def _lights(search: Search, selector: Described, pool: list[Device]) -> list[Device]:
    for word in PREFERRED.get(search.function.name, ()):
        if len(fitting := search.around.showing(pool, word)) == 1:
            return fitting
    swept = [device for device in pool if _may_be_swept(search, selector, device)]
    return _usable(search, swept or pool, plural_of(selector.noun))


def _only(search: Search, pool: list[Device], noun: str) -> Device:
    """The one that was chosen, or that is there, or whose state fits. Raises Unresolved with a question."""
    around = search.around
    chosen = [device for device in pool if device.id in around.prefer]
    present = [device for device in pool if is_available(around.state(device))]
    left = chosen or present or pool
    for word in PREFERRED.get(search.function.name, ()):
        if fitting := around.showing(left, word):
            left = fitting
            break
    if len(left := _called_in_full(search, left)) == 1:
        return _present(search, left[0])
    raise Unresolved(ask(left, "one" if noun == "thing" else noun))


def _present(search: Search, device: Device) -> Device:
    if is_available(search.around.state(device)) or search.function.is_read:
        return device
    raise refusal(Code.UNAVAILABLE, device=the(device))


# Values


def _value_sources(search: Search, selector: Described, pool: list[Device]) -> list[Device]:
    """For a value ("how warm is it here"): the best sources of it, those nearby first."""
    near = pool if selector.where else search.here(pool)
    if search.asked_property == "temperature" and (thermometers := room_thermometers(near)):
        near = thermometers
    found = _best_sources(search, near) or _best_sources(search, pool)
    if not found:
        what = f"the {search.asked_property}" if selector.noun == "thing" else f"a {selector.noun}"
        raise refusal(Code.ABSENT, what=what, where=search.phrase(selector.where))
    return found[:1] if selector.quantifier is Quantifier.ONE else found


def _named_sources(search: Search, name: str, named: list[Device]) -> list[Device]:
    """For a value of a device that is named ("the temperature of the freezer"): itself, or, if it does not know it, what is named
    after it and does (the "Freezer Thermometer")."""
    best = _best_sources(search, named)
    if not _knowing(search, best):
        wanted = words_of(name)
        after_it = [device for device in search.around.house.devices if wanted < words_of(device.name)]
        best = _knowing(search, _best_sources(search, after_it)) or best
    return best or named


def _knowing(search: Search, devices: list[Device]) -> list[Device]:
    """Those that know the value that is asked for."""
    name, around = search.asked_property, search.around
    assert name is not None  # only for get_value
    return [device for device in devices if read(Subject(device, around.state(device), around.house), name) is not None]


def _best_sources(search: Search, pool: list[Device]) -> list[Device]:
    name = search.asked_property
    assert name is not None  # only for get_value
    around = search.around
    return best_sources([Subject(device, around.state(device), around.house) for device in pool], name)


def _absent(search: Search, selector: Described) -> Unresolved:
    noun = selector.noun
    if noun == "thing":
        what = "anything like that"
    elif selector.quantifier is Quantifier.ONE:
        what = f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
    else:
        what = f"any {plural_of(noun)}"
    return refusal(Code.ABSENT, what=what, where=search.phrase(selector.where))
