"""The half of Home Assistant that is asked once: what is there? By homeassistant-api, the only module that imports it.

homeassistant-api is GPL-3.0-or-later: see NOTICE. It comes with the extra [homeassistant].
"""

from __future__ import annotations

from collections.abc import Mapping

from homeassistant_api import Client
from homeassistant_api.errors import HomeassistantAPIError, UnauthorizedError
from niquests import Session

from octopus_hub.adapters.ha_connection import NAME
from octopus_hub.config.errors import Unauthorized, Unavailable
from octopus_hub.config.hub import HomeAssistantSettings

TIMEOUT_S = 10


def entity_states(settings: HomeAssistantSettings) -> Mapping[str, str]:
    """The state of every entity, by id. Blocking. Raises Unavailable, Unauthorized."""
    try:
        with Session() as session:
            wait = {"timeout": TIMEOUT_S}
            client = Client(f"{settings.url}/api", settings.token.value, session=session, global_request_kwargs=wait)
            return {state.entity_id: state.state for state in client.get_states()}
    except UnauthorizedError as error:
        raise Unauthorized(f"Home Assistant at {settings.url} refuses the token", adapter=NAME) from error
    except (HomeassistantAPIError, OSError) as error:
        raise Unavailable(f"Home Assistant cannot be reached at {settings.url}: {error}", adapter=NAME) from error
