"""A plugin of pytest: the native engine keeps what it compiles in the folder $FOREIGN_CACHE."""

import os
from pathlib import Path

from trapline.amaranth import NativeSimEngine

NativeSimEngine.directory = Path(os.environ["FOREIGN_CACHE"])
