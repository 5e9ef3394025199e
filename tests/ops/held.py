"""`python -m tests.ops.held FOLDER`: a supervisor over one process that only sleeps, for `test_supervisor.py`."""

import os
import sys
from pathlib import Path

from config.supervisor import Service, Supervisor

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    supervisor = Supervisor([Service("sleeper", SLEEPER, dict(os.environ))], folder, folder)
    supervisor.run(ready=lambda: True, announce=lambda: supervisor.say("demo", "ready"), tick=lambda: None)
