"""Run Home Assistant in its own interpreter: `run.py CONFIG_DIRECTORY`.

Without what it loads whatever the configuration says (frontend, onboarding, hardware, analytics); nothing else is changed.
"""

from __future__ import annotations

import sys

from homeassistant import bootstrap, runner

KEPT = {"logger", "scene", "script", "automation", "zone"}

for name in ("CRITICAL_INTEGRATIONS", "FRONTEND_INTEGRATIONS", "DEFAULT_INTEGRATIONS_RECOVERY_MODE"):
    setattr(bootstrap, name, set())
bootstrap.DEFAULT_INTEGRATIONS = {each for each in bootstrap.DEFAULT_INTEGRATIONS if each in KEPT}
sys.exit(runner.run(runner.RuntimeConfig(config_dir=sys.argv[1], skip_pip=True, log_no_color=True)))
