"""Started by torchrun: run the example for SpeechBrain in this process, and leave without a farewell.

torch's gloo threads abort an orderly exit now and then, after all work is done ("terminate called without an
active exception"), which says nothing of the example.
"""

import importlib.util
import os
import sys
import time
from pathlib import Path

from torch import distributed

specification = importlib.util.spec_from_file_location("speechbrain_recipe", sys.argv[1])
assert specification is not None
assert specification.loader is not None
example = importlib.util.module_from_spec(specification)
specification.loader.exec_module(example)
example.main(Path(sys.argv[2]), sys.argv[3:])
distributed.barrier()
time.sleep(1)  # the other process may still be reading
sys.stdout.flush()
os._exit(0)
