"""What the image runs: the Action, from the environment that the runner gives."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from codespaces_registry_secrets.action import main

if __name__ == "__main__":
    sys.exit(main(os.environ))
