"""The functions. The position is the functional token: append only, never reorder, never reuse. And those of an installer.

Units and ranges are those a person may say; a device's own limits are in the house.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from octopus_hub.config.functions import Confirmation, Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import ActionClass

PERCENT, TEMPERATURE, NUMBER = ValueType.PERCENT, ValueType.TEMPERATURE, ValueType.NUMBER
DURATION, TIME, TEXT = ValueType.DURATION, ValueType.TIME, ValueType.TEXT
CHOICE, OPTION, AREA = ValueType.CHOICE, ValueType.OPTION, ValueType.AREA
SENT, HUB = Confirmation.SENT, Confirmation.HUB
READ, PRIVATE, SECURE, OPEN = ActionClass.READ, ActionClass.PRIVATE, ActionClass.SECURE, ActionClass.OPEN
NONE, OPTIONAL = TargetRule.NONE, TargetRule.OPTIONAL

ON_OFF_KINDS = ("light", "switch", "fan", "media_player", "climate", "humidifier", "water_heater", "siren", "remote", "automation")
EVERY_KIND = (
    *ON_OFF_KINDS, "lock", "cover", "vacuum", "valve", "alarm_control_panel", "lawn_mower", "button", "number", "select", "scene",
    "script", "todo", "timer", "sensor", "binary_sensor", "person", "weather", "calendar", "camera", "vehicle", "other",
)  # fmt: skip
STATES = (
    "on", "off", "open", "closed", "locked", "unlocked", "jammed", "playing", "paused", "idle", "home", "away", "cleaning",
    "docked", "returning", "charging", "plugged in", "armed", "disarmed", "triggered", "heating", "cooling", "detected", "clear",
    "wet", "dry", "low", "available", "unavailable", "running", "done",
)  # fmt: skip
PROPERTIES = (
    "temperature", "target temperature", "humidity", "target humidity", "brightness", "color", "volume", "position", "battery",
    "power", "energy", "speed", "mode", "source", "title", "artist", "light level", "air quality", "value", "range",
    "charge level", "location", "tire pressure", "mileage", "items", "time left", "next event",
)  # fmt: skip
PLAYING, DRIVING = ("media_player",), ("vehicle", "sensor")
PROPERTY_KINDS = {
    "volume": PLAYING, "source": PLAYING, "title": PLAYING, "artist": PLAYING, "range": DRIVING, "charge level": DRIVING,
    "tire pressure": DRIVING, "mileage": DRIVING, "location": ("vehicle", "person"), "items": ("todo",), "next event": ("calendar",),
    "time left": ("timer", "vacuum", "media_player", "vehicle", "sensor"),
}  # fmt: skip
"""Kinds that alone have a property. What a room has (temperature, light, power) is asked of any room."""
DOORS = ("front left", "front right", "driver", "passenger", "rear left", "rear right", "rear", "front")
SEATS = ("driver", "passenger", "rear left", "rear right", "rear", "front", "all")
LEVELS = ("low", "medium", "high", "max", "min")
DAYS = "today unless said otherwise"


def _level(doc: str, *choices: str) -> Parameter:
    return Parameter("level", PERCENT, doc, unit="%", minimum=0, maximum=100, choices=choices or ("max", "min"))


def _direction(*choices: str) -> Parameter:
    return Parameter("direction", CHOICE, "which way", choices=choices or ("up", "down"))


def _amount(value: ValueType, unit: str, maximum: float) -> Parameter:
    doc = "by how much, only if said"
    return Parameter("amount", value, doc, required=False, unit=unit, minimum=0, maximum=maximum, choices=("little", "lot"))


def _text(name: str, doc: str, *, required: bool = True) -> Parameter:
    return Parameter(name, TEXT, doc, required=required)


def _state(doc: str, *, required: bool = True) -> Parameter:
    return Parameter("state", CHOICE, doc, required=required, choices=STATES)


def _door() -> Parameter:
    return Parameter("door", CHOICE, "a door of a vehicle, only if said", required=False, choices=DOORS, kinds=("vehicle",))


def _temperature(name: str = "temperature") -> Parameter:
    doc = "degrees, with the unit only if said"
    return Parameter(name, TEMPERATURE, doc, unit="°C or °F", minimum=-30, maximum=212, choices=("max", "min"))


FUNCTIONS: tuple[Function, ...] = (
    # Power
    Function("turn_on", "Switch devices on.", ON_OFF_KINDS,
             not_for="opening, unlocking, starting a vacuum, playing music, running scenes or scripts"),
    Function("turn_off", "Switch devices off.", ON_OFF_KINDS, not_for="closing, locking, pausing, muting; putting off for later"),
    Function("toggle", "Switch devices to the other of on and off.", ON_OFF_KINDS, not_for="anything but an explicit toggle or flip"),
    # Lights
    Function("set_brightness", "Set how bright lights are.", ("light",), (_level("brightness", *LEVELS),),
             not_for="a relative change: step_brightness"),
    Function("step_brightness", "Make lights brighter or dimmer than now.", ("light",),
             (_direction(), _amount(PERCENT, "%", 100)), not_for="an absolute level: set_brightness"),
    Function("set_color", "Set the colour of lights.", ("light",), (Parameter("color", CHOICE, "a colour name", choices=(
        "red", "green", "blue", "yellow", "orange", "purple", "pink", "white", "lavender", "cyan", "magenta", "violet", "indigo",
        "turquoise", "teal", "gold", "brown", "salmon", "coral", "crimson", "lime", "navy", "amber", "aqua", "maroon", "mint",
        "peach", "olive", "beige", "sky blue")),), not_for="shades of white by warmth: set_color_temperature"),
    Function("set_color_temperature", "Set the warmth of white light.", ("light",),
             (Parameter("temperature", NUMBER, "kelvin, or a word", unit="K", minimum=1500, maximum=10000,
                        choices=("warm", "neutral", "cool", "daylight", "candle")),)),
    Function("step_color_temperature", "Make white light warmer or cooler than now.", ("light",), (_direction("warmer", "cooler"),),
             not_for="room temperature: step_temperature"),
    Function("set_effect", "Start a light effect the light offers.", ("light",),
             (Parameter("effect", OPTION, "an effect of the light", option="effect_list"),)),
    # Locks, covers, valves
    Function("lock", "Lock locks or vehicles.", ("lock", "vehicle"), (_door(),), action_class=SECURE),
    Function("unlock", "Unlock locks or vehicles.", ("lock", "vehicle"), (_door(),), action_class=OPEN, standstill=True),
    Function("open", "Open covers (blinds, curtains, garage doors, gates, windows) or valves all the way.", ("cover", "valve"),
             not_for="parts of a vehicle; unlocking; a partial opening: set_position"),
    Function("close", "Close covers or valves all the way.", ("cover", "valve"), action_class=SECURE, not_for="locking"),
    Function("stop", "Stop covers, valves, vacuums or mowers where they are.", ("cover", "valve", "vacuum", "lawn_mower"),
             not_for="music and films: media_stop"),
    Function("set_position", "Move covers or valves to a position.", ("cover", "valve"),
             (Parameter("position", PERCENT, "0 closed, 100 open", unit="%", minimum=0, maximum=100, choices=("half",)),)),
    Function("step_position", "Open covers or valves a bit more, or close them a bit more.", ("cover", "valve"),
             (_direction("open", "close"), _amount(PERCENT, "%", 100))),
    Function("set_tilt", "Tilt the slats of blinds.", ("cover",),
             (Parameter("position", PERCENT, "0 slats closed, 100 open", unit="%", minimum=0, maximum=100, choices=("half",)),)),
    # Climate
    Function("set_temperature", "Set the target temperature of heating, cooling or hot water.", ("climate", "water_heater"),
             (_temperature(), Parameter("mode", OPTION, "heat, cool, … only if said", required=False, option="hvac_modes")),
             not_for="warmer or cooler than now: step_temperature; a car: set_cabin_temperature"),
    Function("set_temperature_range", "Set the low and high target of a thermostat.", ("climate",),
             (_temperature("low"), _temperature("high"))),
    Function("step_temperature", "Make it warmer or cooler than now.", ("climate", "water_heater", "vehicle"),
             (_direction(), _amount(TEMPERATURE, "degrees", 30)), not_for="an absolute temperature; the warmth of light"),
    Function("set_hvac_mode", "Switch a thermostat to heating, cooling, auto, dry or fan.", ("climate",),
             (Parameter("mode", OPTION, "a mode of the thermostat", option="hvac_modes"),), not_for="switching it off: turn_off"),
    Function("set_preset", "Choose a preset (eco, away, sleep, …) of a thermostat or fan.", ("climate", "fan"),
             (Parameter("preset", OPTION, "a preset of the device", option="preset_modes"),)),
    Function("set_fan_mode", "Set the fan of a thermostat.", ("climate",),
             (Parameter("mode", OPTION, "a fan mode of the thermostat", option="fan_modes"),), not_for="fans on their own"),
    Function("set_humidity", "Set the target humidity.", ("humidifier", "climate"),
             (Parameter("humidity", PERCENT, "relative humidity", unit="%", minimum=0, maximum=100, choices=("max", "min")),)),
    Function("step_humidity", "Make the air more humid or drier than now.", ("humidifier", "climate"),
             (_direction(), _amount(PERCENT, "%", 50))),
    Function("set_mode", "Set the mode of a humidifier or water heater.", ("humidifier", "water_heater"),
             (Parameter("mode", OPTION, "a mode of the device", option="available_modes"),)),
    # Media
    Function("media_play", "Go on playing what was paused, or start playing with nothing named.", ("media_player",),
             not_for="something named: play_media"),
    Function("media_pause", "Pause what is playing.", ("media_player",)),
    Function("media_stop", "Stop what is playing.", ("media_player",), not_for="blinds, vacuums: stop; switching off: turn_off"),
    Function("media_next", "Skip to the next track, episode or channel.", ("media_player",), confirmation=SENT),
    Function("media_previous", "Go back to the previous track.", ("media_player",), confirmation=SENT),
    Function("set_volume", "Set the volume.", ("media_player",), (_level("volume", *LEVELS),), not_for="louder or quieter than now"),
    Function("step_volume", "Make it louder or quieter than now.", ("media_player",), (_direction(), _amount(PERCENT, "%", 100))),
    Function("mute", "Silence the sound, without stopping.", ("media_player",)),
    Function("unmute", "Bring the sound back.", ("media_player",)),
    Function("play_media", "Play a named song, artist, album, playlist, genre, station, podcast, film or show.", ("media_player",),
             (_text("query", "what to play"),
              Parameter("service", CHOICE, "the streaming service, only if said", required=False, choices=(
                  "spotify", "apple music", "youtube", "youtube music", "amazon music", "deezer", "tidal", "soundcloud", "tunein",
                  "plex", "netflix", "audible", "pandora", "disney plus", "prime video"))),
             target=OPTIONAL, confirmation=SENT),
    Function("select_source", "Switch to an input, app or channel of the player.", ("media_player",),
             (Parameter("source", OPTION, "a source of the player", option="source_list"),)),
    Function("set_sound_mode", "Choose a sound mode (movie, music, night, …).", ("media_player",),
             (Parameter("mode", OPTION, "a sound mode of the player", option="sound_mode_list"),)),
    Function("set_shuffle", "Turn random order on or off.", ("media_player",),
             (Parameter("shuffle", CHOICE, "on or off", choices=("on", "off")),)),
    Function("set_repeat", "Repeat one, all, or stop repeating.", ("media_player",),
             (Parameter("repeat", CHOICE, "what to repeat", choices=("one", "all", "off")),), not_for="saying an answer again: repeat"),
    # Fans
    Function("set_fan_speed", "Set the speed of fans.", ("fan",), (_level("speed", *LEVELS),)),
    Function("step_fan_speed", "Make fans faster or slower than now.", ("fan",), (_direction(), _amount(PERCENT, "%", 100))),
    Function("set_oscillation", "Let fans swing or not.", ("fan",), (Parameter("oscillating", CHOICE, "on or off", choices=("on", "off")),)),
    Function("set_fan_direction", "Set which way a ceiling fan turns.", ("fan",), (_direction("forward", "reverse"),)),
    # Vacuums, mowers
    Function("start", "Start a vacuum (cleaning) or mower (mowing).", ("vacuum", "lawn_mower")),
    Function("pause", "Pause a vacuum or mower.", ("vacuum", "lawn_mower"), not_for="music: media_pause; timers: timer_pause"),
    Function("return_to_base", "Send a vacuum or mower back to its dock.", ("vacuum", "lawn_mower")),
    Function("locate", "Let a vacuum make a sound so that it can be found.", ("vacuum",), confirmation=SENT),
    Function("clean_area", "Vacuum one room.", ("vacuum",), (Parameter("area", AREA, "the room to clean"),), target=OPTIONAL,
             not_for="cleaning without a room: start"),
    # Alarm
    Function("alarm_arm", "Arm the alarm.", ("alarm_control_panel",),
             (Parameter("mode", CHOICE, "only if said; else away", required=False, choices=("away", "home", "night", "vacation")),), action_class=SECURE),
    Function("alarm_disarm", "Disarm the alarm.", ("alarm_control_panel",), action_class=OPEN),
    Function("alarm_trigger", "Set the alarm off (panic).", ("alarm_control_panel",), action_class=ActionClass.HAZARD),
    # The rest of a home
    Function("press", "Press a button.", ("button",), confirmation=SENT),
    Function("set_value", "Set a number.", ("number",), (Parameter("value", NUMBER, "the number"),)),
    Function("step_value", "Raise or lower a number.", ("number",), (_direction(), _amount(NUMBER, "", 1e6))),
    Function("select_option", "Choose an option of a selector.", ("select",),
             (Parameter("option", OPTION, "an option of the device", option="options"),)),
    Function("send_command", "Send a command of a remote control.", ("remote",), (_text("command", "the key or command"),),
             confirmation=SENT),
    Function("activate", "Activate a scene.", ("scene",), confirmation=SENT),
    Function("run", "Run a script or automation now.", ("script", "automation"), confirmation=SENT),
    Function("todo_add", "Add an item to a to-do or shopping list.", ("todo",), (_text("item", "what to add"),), target=OPTIONAL),
    Function("todo_complete", "Tick an item off a list.", ("todo",), (_text("item", "which item"),), target=OPTIONAL),
    Function("todo_remove", "Remove an item from a list.", ("todo",), (_text("item", "which item"),), target=OPTIONAL),
    Function("todo_read", "Read out a list.", ("todo",), target=OPTIONAL, action_class=READ, confirmation=HUB),
    Function("timer_start", "Start a countdown.", ("timer",),
             (Parameter("duration", DURATION, "how long"), _text("label", "what for, only if said", required=False)), target=OPTIONAL,
             confirmation=HUB, not_for="a clock time: alarm_clock_set; a task to be reminded of: reminder_set"),
    Function("timer_pause", "Pause a countdown.", ("timer",), (_text("label", "which", required=False),), OPTIONAL, confirmation=HUB),
    Function("timer_resume", "Let a paused countdown go on.", ("timer",), (_text("label", "which", required=False),), OPTIONAL,
             confirmation=HUB),
    Function("timer_extend", "Add time to a countdown, or take some off.", ("timer",),
             (_direction(), Parameter("duration", DURATION, "how much"), _text("label", "which", required=False)), OPTIONAL,
             confirmation=HUB),
    Function("timer_cancel", "Cancel a countdown.", ("timer",), (_text("label", "which", required=False),), OPTIONAL,
             confirmation=HUB),
    Function("timer_query", "How much time is left?", ("timer",), (_text("label", "which", required=False),), OPTIONAL, READ, HUB),
    Function("reminder_set", "Remind somebody of something at a time.", (),
             (_text("text", "what of"), Parameter("time", TIME, "when, in the sentence's words", required=False)), NONE,
             confirmation=HUB),
    Function("reminder_list", "Read out the reminders.", (), target=NONE, action_class=READ, confirmation=HUB),
    Function("reminder_cancel", "Cancel a reminder.", (), (_text("text", "which", required=False),), NONE, confirmation=HUB),
    Function("alarm_clock_set", "Set an alarm clock or wake somebody.", (), (Parameter("time", TIME, "when, in the sentence's words"),),
             NONE, confirmation=HUB, not_for="the burglar alarm: alarm_arm"),
    Function("alarm_clock_list", "Which alarm clocks are set?", (), target=NONE, action_class=READ, confirmation=HUB),
    Function("alarm_clock_cancel", "Cancel an alarm clock.", (), (Parameter("time", TIME, "which", required=False),), NONE,
             confirmation=HUB),
    # Questions
    Function("get_state", "Is it on, open, locked, …? Or: what is its state?", EVERY_KIND,
             (_state("the state asked about, only if said", required=False),), action_class=READ, confirmation=HUB,
             not_for="which ones: list_devices; a number: get_value"),
    Function("get_value", "What is a value of a device or room (temperature, humidity, battery, volume, title, …)?", EVERY_KIND,
             (Parameter("property", CHOICE, "what is asked", choices=PROPERTIES, choice_kinds=PROPERTY_KINDS),), OPTIONAL, READ, HUB),
    Function("list_devices", "Which devices are in a state? Is any?", EVERY_KIND, (_state("the state"),), action_class=READ,
             confirmation=HUB, not_for="one named device: get_state"),
    Function("count_devices", "How many devices are in a state?", EVERY_KIND, (_state("the state"),), action_class=READ,
             confirmation=HUB),
    Function("get_time", "What time is it?", target=NONE, action_class=READ, confirmation=HUB, not_for="times in other cities"),
    Function("get_date", "What day or date is it today?", target=NONE, action_class=READ, confirmation=HUB),
    Function("get_weather", "The weather at home.", ("weather",),
             (Parameter("day", CHOICE, DAYS, required=False, choices=("today", "tomorrow", "now", "tonight", "week", "weekend")),),
             OPTIONAL, READ, HUB, not_for="weather elsewhere"),
    # Speaking, and the hub itself
    Function("announce", "Say something aloud on speakers.", ("media_player",), (_text("message", "what to say"),), OPTIONAL,
             confirmation=SENT),
    Function("undo", "Take back the last action.", target=NONE, confirmation=HUB),
    Function("repeat", "Say the last answer again.", target=NONE, action_class=READ, confirmation=HUB, not_for="music: set_repeat"),
    Function("cancel", "Never mind: drop what was going on.", target=NONE, action_class=READ, confirmation=HUB),
    # Vehicles
    Function("vehicle_climate_start", "Start a vehicle's air conditioning or heating.", ("vehicle",)),
    Function("vehicle_climate_stop", "Stop a vehicle's air conditioning or heating.", ("vehicle",)),
    Function("set_cabin_temperature", "Set the temperature in a vehicle.", ("vehicle",),
             (_temperature(), Parameter("zone", CHOICE, "only if said", required=False, choices=SEATS))),
    Function("set_seat_heating", "Set the heating of a vehicle's seat.", ("vehicle",),
             (Parameter("level", CHOICE, "how much", choices=("off", "low", "medium", "high", "on")),
              Parameter("seat", CHOICE, "driver unless said otherwise", required=False, choices=SEATS))),
    Function("move_seat", "Move a vehicle's seat.", ("vehicle",),
             (_direction("forward", "backward", "up", "down"), Parameter("seat", CHOICE, "only if said", required=False, choices=SEATS)),
             standstill=True),
    Function("open_window", "Open windows of a vehicle.", ("vehicle",), (
        Parameter("window", CHOICE, "only if said", required=False, choices=("front left", "front right", *SEATS)),
        Parameter("position", PERCENT, "how far, only if said", required=False, unit="%", minimum=0, maximum=100, choices=("half",))),
        action_class=OPEN),
    Function("close_window", "Close windows of a vehicle.", ("vehicle",), (
        Parameter("window", CHOICE, "only if said", required=False, choices=("front left", "front right", *SEATS)),),
        action_class=SECURE),
    Function("open_sunroof", "Open a vehicle's sunroof.", ("vehicle",), action_class=OPEN),
    Function("close_sunroof", "Close a vehicle's sunroof.", ("vehicle",), action_class=SECURE),
    Function("open_trunk", "Open a vehicle's trunk, boot or tailgate.", ("vehicle",), action_class=OPEN, standstill=True),
    Function("close_trunk", "Close a vehicle's trunk.", ("vehicle",), action_class=SECURE),
    Function("flash_lights", "Flash a vehicle's lights.", ("vehicle",), confirmation=SENT),
    Function("sound_horn", "Sound a vehicle's horn.", ("vehicle",), confirmation=SENT),
    Function("start_charging", "Start charging a vehicle.", ("vehicle",)),
    Function("stop_charging", "Stop charging a vehicle.", ("vehicle",)),
    Function("set_charge_limit", "Set up to what level a vehicle charges.", ("vehicle",), (_level("battery level"),)),
    Function("navigate_to", "Send a destination to a vehicle's navigation.", ("vehicle",), (_text("destination", "where to"),), OPTIONAL,
             confirmation=SENT),
    Function("defrost", "Defrost a vehicle's windows.", ("vehicle",),
             (Parameter("part", CHOICE, "only if said", required=False, choices=("front", "rear", "mirrors")),)),
    Function("start_engine", "Start a vehicle's engine remotely.", ("vehicle",), action_class=OPEN, standstill=True),
    Function("stop_engine", "Stop a vehicle's engine.", ("vehicle",), standstill=True),
)


_own: list[Function] = []


def adopt(functions: Iterable[Function]) -> None:
    """Make an installer's own functions known to this process, in place of those that it knew before."""
    _own[:] = functions
    by_name.cache_clear()


def own_functions() -> tuple[Function, ...]:
    """Those adopted last."""
    return tuple(_own)


@cache
def by_name() -> dict[str, Function]:
    """The functions by name, an installer's own among them."""
    return {function.name: function for function in (*FUNCTIONS, *_own)}
