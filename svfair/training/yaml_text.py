"""YAML that others wrote: nothing in it is executed, and it is no larger than it looks."""

from typing import Any

import yaml

from svfair.errors import shown

#: Values in a document, those counted again that it repeats by an alias.
LARGEST = 10_000

LARGEST_BYTES = 1_000_000

#: Characters in one value.
LONGEST = 5_000


class NotYaml(ValueError):  # noqa: N818 - the message says what is wrong
    """A text cannot be read as YAML; the message is short."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would take the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in getattr(node, "value", ()):
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise NotYaml(f"'{shown(key.value)}' stands twice, line {key.start_mark.line + 1}")
                seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def read_yaml(text: str | bytes) -> Any:
    """Return the content of a YAML document; bytes are UTF-8.

    Raises
    ------
    NotYaml
        When it is no YAML, has a key twice, or is larger than a person writes.
    """
    if len(text) > LARGEST_BYTES:
        raise NotYaml(f"{len(text):,} bytes are too many; at most {LARGEST_BYTES:,}")
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        content = yaml.load(text, Loader=_Loader)
        _check_size(content)
    except NotYaml:
        raise
    except RecursionError:
        raise NotYaml("it is nested too deep") from None
    except UnicodeDecodeError as error:
        raise NotYaml(f"byte {error.start:,} is not UTF-8") from None
    # The last ones come of values that do not fit their tag, such as `!!int ''` or the date 2024-13-45.
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise NotYaml(shown(" ".join(str(error).split()), 300)) from None
    return content


def _check_size(content: Any) -> None:
    waiting, count = [content], 0
    while waiting:
        value = waiting.pop()
        count += 1
        if count + len(waiting) > LARGEST:
            raise NotYaml(f"it holds more than {LARGEST:,} values, aliases written out")
        if isinstance(value, str) and len(value) > LONGEST:
            raise NotYaml(f"'{shown(value)}' is longer than {LONGEST:,} characters")
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, (list, tuple, set)):
            waiting += value
