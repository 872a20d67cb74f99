"""Where audio was read from until version 0.1: see `svfair.audio`. Goes with version 0.3."""
