"""What was done, in a few words: "Nest set to 21 °C, Front Door locked." Pure.

Says no more than was seen: what was only sent is told as asked, what was not confirmed as not confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, zip_longest
from string import Formatter

from octopus_hub.config.house import House
from octopus_hub.config.plan import Call, Result, Scalar, Status
from octopus_hub.daemon.replies import Code, join, name_devices, refuse, the

DONE: Mapping[str, str] = {
    "turn_on": "{devices} on",
    "turn_off": "{devices} off",
    "toggle": "{devices} switched",
    "set_brightness": "{devices} at {level} %",
    "step_brightness": "{devices} {brighter}",
    "set_color": "{devices} {color}",
    "set_color_temperature": "{devices} at {temperature} K",
    "step_color_temperature": "{devices} {direction}",
    "set_effect": "{devices} showing {effect}",
    "lock": "{devices}{door} locked",
    "unlock": "{devices}{door} unlocked",
    "open": "{devices} open",
    "close": "{devices} closed",
    "stop": "{devices} stopped",
    "set_position": "{devices} at {position} %",
    "step_position": "{devices} at {position} %",
    "set_tilt": "{devices} tilted to {position} %",
    "set_temperature": "{devices} set to {temperature} {unit}",
    "set_temperature_range": "{devices} set to {low} to {high} {unit}",
    "step_temperature": "{devices} set to {temperature} {unit}",
    "set_hvac_mode": "{devices} set to {mode}",
    "set_preset": "{devices} set to {preset}",
    "set_fan_mode": "{devices} fan set to {mode}",
    "set_humidity": "{devices} set to {humidity} %",
    "step_humidity": "{devices} set to {humidity} %",
    "set_mode": "{devices} set to {mode}",
    "media_play": "{devices} playing",
    "media_pause": "{devices} paused",
    "media_stop": "{devices} stopped",
    "media_next": "{devices} asked for the next one",
    "media_previous": "{devices} asked for the one before",
    "set_volume": "{devices} volume at {level} %",
    "step_volume": "{devices} {louder}",
    "mute": "{devices} muted",
    "unmute": "{devices} unmuted",
    "play_media": "{devices} asked to play {query}",
    "select_source": "{devices} switched to {source}",
    "set_sound_mode": "{devices} set to {mode}",
    "set_shuffle": "shuffle {shuffle} on {devices}",
    "set_repeat": "repeat {repeat} on {devices}",
    "set_fan_speed": "{devices} at {level} %",
    "step_fan_speed": "{devices} {faster}",
    "set_oscillation": "{devices} oscillation {oscillating}",
    "set_fan_direction": "{devices} set to {direction}",
    "start": "{devices} started",
    "pause": "{devices} paused",
    "return_to_base": "{devices} going home",
    "locate": "{devices} asked to make a sound",
    "clean_area": "{devices} cleaning",
    "alarm_arm": "{devices} armed",
    "alarm_disarm": "{devices} disarmed",
    "alarm_trigger": "{devices} triggered",
    "press": "{devices} pressed",
    "set_value": "{devices} set to {value}",
    "step_value": "{devices} set to {value}",
    "select_option": "{devices} set to {option}",
    "send_command": "{command} sent to {devices}",
    "activate": "{devices} requested",
    "run": "{devices} asked to run",
    "todo_add": "{item} added to {devices}",
    "todo_complete": "{item} ticked off {devices}",
    "todo_remove": "{item} removed from {devices}",
    "timer_start": "{devices} running",
    "timer_pause": "{devices} paused",
    "timer_resume": "{devices} running",
    "timer_extend": "{devices} changed",
    "timer_cancel": "{devices} cancelled",
    "announce": "announcement sent to {devices}",
    "vehicle_climate_start": "{devices} climate on",
    "vehicle_climate_stop": "{devices} climate off",
    "set_cabin_temperature": "{devices} set to {temperature} {unit}",
    "set_seat_heating": "{devices} seat heating {level}",
    "move_seat": "{devices} seat moved {direction}",
    "open_window": "{devices}{window} open",
    "close_window": "{devices}{window} closed",
    "open_sunroof": "{devices} sunroof open",
    "close_sunroof": "{devices} sunroof closed",
    "open_trunk": "{devices} trunk open",
    "close_trunk": "{devices} trunk closed",
    "flash_lights": "{devices} asked to flash its lights",
    "sound_horn": "{devices} asked to sound its horn",
    "start_charging": "{devices} charging",
    "stop_charging": "{devices} no longer charging",
    "set_charge_limit": "{devices} charging to {level} %",
    "navigate_to": "{destination} sent to {devices}",
    "defrost": "{devices} defrosting",
    "start_engine": "{devices} engine running",
    "stop_engine": "{devices} engine off",
}
"""What a call that was carried out is told as; only devices' functions, the hub tells its own."""

WAYS: Mapping[str, tuple[str, str]] = {
    "brighter": ("brighter", "dimmer"),
    "louder": ("louder", "quieter"),
    "faster": ("faster", "slower"),
}
"""Words for up and down."""


def tell(calls: Sequence[Call], results: Sequence[Result], house: House, codes: Sequence[Code | None] = ()) -> str:
    """What was done or sent, then what was not confirmed, then what failed, by why it did and device.

    `results` are those of the calls in their order, one a device; `codes` say why each that failed did, and may be left out.
    """
    rest = iter(results)
    parts = [phrase for call in calls if (phrase := _carried_out(call, islice(rest, len(call.device_ids)), house))]
    sentences = [f"{', '.join(parts)}."] if parts else []
    missing: dict[Code, dict[str, None]] = {Code.NOT_CONFIRMED: {}}
    for result, code in zip_longest(results, codes):
        if result.status is Status.NOT_CONFIRMED:
            missing[Code.NOT_CONFIRMED][result.device_id] = None
        elif result.status is Status.FAILED:
            missing.setdefault(code or Code.FAILED, {})[result.device_id] = None
    sentences += [refuse(why, {"device": _named(list(ids), house)}) for why, ids in missing.items() if ids]
    return " ".join(f"{sentence[:1].upper()}{sentence[1:]}" for sentence in sentences)


def intend(calls: Sequence[Call], house: House) -> str:
    """What would be done, for a dry run: "I would do this: Nest set to 21 °C." """
    parts = [_phrase(call, call.device_ids, house) for call in calls]
    return f"I would do this: {', '.join(parts)}." if parts else "I would do nothing."


def _carried_out(call: Call, results: Iterable[Result], house: House) -> str:
    """The phrase of a call for the devices that did it; one still on its way is told so ("Garage Door opening")."""
    moving: dict[str, list[str]] = {}
    done: list[str] = []
    for result in results:
        if result.status is Status.DONE and result.message:
            moving.setdefault(result.message, []).append(result.device_id)
        elif result.status in (Status.DONE, Status.SENT):
            done.append(result.device_id)
    phrases = [_phrase(call, done, house)] if done else []
    phrases += [f"{name_devices(ids, house)} {state}" for state, ids in moving.items()]
    return ", ".join(phrases)


def _phrase(call: Call, device_ids: Sequence[str], house: House) -> str:
    if not device_ids:
        given = ", ".join(f"{name} {value}" for name, value in call.arguments.items())
        return f"{call.function.replace('_', ' ')}{f' ({given})' if given else ''}"
    template = DONE.get(call.function, f"{{devices}} asked to {call.function.replace('_', ' ')}")
    words: dict[str, Scalar] = dict(call.arguments)
    is_up = call.arguments.get("direction") in ("up", "open")
    words |= {name: pair[0 if is_up else 1] for name, pair in WAYS.items()}
    words |= {name: _part(name, words.get(name)) for name in ("door", "window")}
    words["devices"] = name_devices(device_ids, house)
    if call.function == "toggle" and "state" in words:
        template = "{devices} {state}"
    fields = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not fields <= words.keys():
        template = "{devices} done"
    return template.format_map({name: f"{word:g}" if isinstance(word, float) else word for name, word in words.items()})


def _part(name: str, which: Scalar | None) -> str:
    """What of a vehicle it was: " rear left door", " front windows", " windows"; a vehicle without a door is all of it."""
    if which in (None, "all"):
        return " windows" if name == "window" else ""
    return f" {which} {name}s" if which in ("front", "rear") else f" {which} {name}"


def _named(device_ids: Sequence[str], house: House) -> str:
    devices = [house.by_id[device_id] for device_id in device_ids if device_id in house.by_id]
    return the(devices[0]) if len(devices) == 1 else join([device.name for device in devices])
