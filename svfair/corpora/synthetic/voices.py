"""Random voices for espeak-ng: what makes one synthetic speaker different from another."""

from collections.abc import Mapping

import numpy as np

#: espeak-ng's accents of English by country. It has no others that speak English text as English.
ACCENTS: Mapping[str, tuple[str, ...]] = {
    "USA": ("en-us", "en-us-nyc"),
    "UK": ("en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbcwmd", "en-gb-x-gbclan"),
    "Jamaica": ("en-029",),
}

#: Median fundamental frequency in Hz, its spread over speakers (log standard deviation), and formant
#: frequencies in percent of espeak-ng's own male voice. Ranges of adult speakers after Hillenbrand et al.,
#: "Acoustic characteristics of American English vowels", JASA 1995.
_BODY = {"male": (118.0, 0.14, 100.0), "female": (205.0, 0.12, 115.0)}


def draw_variant(name: str, gender: str, random: np.random.Generator) -> str:
    """Draw a speaker; return the text of an espeak-ng voice variant.

    Parameters
    ----------
    name
        Name of the variant.
    gender
        `male` or `female`: sets pitch and vocal tract length around which the speaker is drawn.
    random
        Source of the draw.
    """
    pitch, pitch_spread, tract = _BODY[gender]
    low = pitch * np.exp(random.normal(0, pitch_spread)) * 0.85
    high = low * random.uniform(1.25, 1.75)
    tract *= np.exp(random.normal(0, 0.035))
    lines = [
        "language variant",
        f"name {name}",
        f"gender {gender}",
        f"pitch {low:.0f} {high:.0f}",
        f"flutter {random.integers(0, 12)}",
        f"roughness {random.integers(0, 5)}",
        f"voicing {random.integers(70, 111)}",
        f"consonants {random.integers(75, 116)} {random.integers(75, 116)}",
        f"intonation {random.integers(1, 5)}",
        "breath " + " ".join(str(number) for number in random.integers(0, 4, size=8)),
        "tone 600 {} 1200 {} 2000 {}".format(*random.integers((140, 110, 90), (200, 170, 150))),
    ]
    for formant in range(9):
        frequency = tract * np.exp(random.normal(0, 0.04))
        height, width = random.uniform(70, 115), random.uniform(85, 160)
        lines.append(f"formant {formant} {frequency:.0f} {height:.0f} {width:.0f}")
    return "\n".join(lines) + "\n"


# fmt: off
_SUBJECTS = (
    "the old gardener", "my younger sister", "a tired postman", "the village doctor", "our neighbour",
    "the ship's captain", "a famous painter", "the new teacher", "two noisy children",
    "the night watchman", "a quiet stranger", "my uncle George", "the baker's wife", "an honest lawyer",
    "the tall policeman", "some hungry travellers", "a lucky fisherman", "her cousin",
)
_VERBS = (
    "carried", "forgot", "repaired", "borrowed", "painted", "found", "watched", "opened", "counted",
    "described", "moved", "followed", "cleaned", "bought", "lost", "measured", "finished", "wanted",
    "visited", "remembered",
)
_OBJECTS = (
    "a wooden box", "seven yellow lemons", "the broken window", "an empty suitcase", "three letters",
    "the longest river", "a silver watch", "the kitchen table", "fresh bread and cheese",
    "a jar of honey", "five blue feathers", "the garden gate", "an unusual question", "the other shoe",
    "a piece of rope", "nine small stones", "the railway station", "a warm jacket",
)
_PLACES = (
    "behind the church", "before the storm", "in the early morning", "near the harbour",
    "without a word", "on Thursday evening", "under the bridge", "after the long journey",
    "at the end of June", "beside the fire", "for thirty minutes", "across the narrow valley",
    "when the music stopped", "from the top shelf", "in a great hurry", "with both hands",
)
# fmt: on


def draw_sentence(random: np.random.Generator) -> str:
    """Draw a sentence of three to four seconds, from a stock that all speakers share."""
    subject, verb, thing, place = (
        str(random.choice(part)) for part in (_SUBJECTS, _VERBS, _OBJECTS, _PLACES)
    )
    return f"{subject.capitalize()} {verb} {thing} {place}."
