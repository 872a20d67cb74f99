"""svfair: train speaker verification whose errors are spread more evenly over people, and measure it.

A room is imported when it is first named, so that an audit loads no torch: `svfair.audit.audit(...)`.
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "audio",
    "audit",
    "corpora",
    "extractors",
    "loading",
    "losses",
    "manifests",
    "metrics",
    "reports",
    "reweighting",
    "scoring",
    "tables",
    "training",
    "trials",
]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"svfair has no '{name}'; it has {', '.join(__all__)}")
    return import_module(f"svfair.{name}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
