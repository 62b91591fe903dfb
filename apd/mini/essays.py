"""``mini_essay``: short persuasive texts with real lexical freedom (Appendix D's open-ended text).

Every slot of an essay is drawn from several synonyms, independently of the prompt, so that many
different texts are equally good and no model can know the next word for certain.
"""

import random

from apd.mini.example import Example, Knows, knows_all

AUDIENCES = (
    "schools|cities|families|companies|students|villages|teachers|parents|hospitals|libraries|"
    "young people|small towns"
).split("|")
TOPICS = {
    "plant more trees": "trees|green streets|gardens",
    "read every day": "reading|good books|stories",
    "use less plastic": "clean rivers|less waste|reusable bags",
    "walk to work": "walking|fresh air|quiet roads",
    "learn music": "music|singing|an instrument",
    "cook at home": "home cooking|fresh food|shared meals",
    "ride bikes": "cycling|bike lanes|light traffic",
    "save water": "saving water|short showers|clean lakes",
    "learn a language": "a new language|travel|talking to others",
    "sleep longer": "good sleep|rest|calm evenings",
    "play outside": "outdoor games|sport|sunlight",
    "share tools": "sharing|common tools|kind neighbors",
    "grow vegetables": "vegetable gardens|healthy soil|fresh salads",
    "start the day later": "later mornings|rested minds|a slow breakfast",
    "visit museums": "museums|art|old objects",
    "turn off screens": "time without screens|real talks|silence",
}
ASKS = (
    "Write a short persuasive text: {who} should {what}.",
    "Persuade the reader that {who} should {what}.",
    "Argue that {who} should {what}.",
)
OPENINGS = (
    "It is time for {who} to {what}.|{Who} should {what}, and soon.|"
    "Few ideas are as simple as this: {who} should {what}.|"
    "Imagine a world in which {who} {what}.|I believe that {who} should {what}."
).split("|")
BECAUSE = "First,|To begin with,|Above all,|Most of all,|Clearly,|Without doubt,".split("|")
EFFECTS = (
    "will make us healthier|can bring people together|will save a lot of money|"
    "can give us new energy|will calm the mind|can protect the world we share|"
    "will teach patience|can open our eyes|will cost almost nothing|can make every day brighter"
).split("|")
SECOND = "Moreover,|Also,|Besides,|What is more,|In addition,|Second,".split("|")
DOUBTS = (
    "Some say that it is too hard|Critics fear the effort|Many people think there is no time|"
    "A few will complain at first|It may seem like a small thing"
).split("|")
REPLIES = (
    "but small steps are enough|yet the first week proves them wrong|"
    "but the reward is far greater|but habits grow quickly|yet nothing good comes without a start"
).split("|")
CLOSINGS = (
    "Let us begin today.|The best moment to start is now.|Tomorrow will thank us.|"
    "There is no reason to wait.|Try it, and you will see.|A better life is one decision away."
).split("|")


def sample_essay(rng: random.Random, name: str | None = None, knows: Knows = knows_all) -> Example:
    """A random ``mini_essay`` example; ``name`` fixes the topic. There is no plan to know."""
    who, what = rng.choice(AUDIENCES), name or rng.choice(list(TOPICS))
    prompt = rng.choice(ASKS).format(who=who, what=what)
    row = {"prompt": prompt, "entities": [who, what, *TOPICS[what].split("|")]}
    return Example("mini_essay", f"mini_essay/{who}/{what}", prompt, essay(who, what, rng), row)


def essay(who: str, what: str, rng: random.Random) -> str:
    """Four or five sentences, every slot drawn from its synonyms."""
    nouns = TOPICS[what].split("|")
    first, second = rng.sample(EFFECTS, 2)
    opening = rng.choice(OPENINGS).format(who=who, what=what, Who=who[0].upper() + who[1:])
    sentences = [
        opening,
        f"{rng.choice(BECAUSE)} {rng.choice(nouns)} {first}.",
        f"{rng.choice(SECOND)} {rng.choice(nouns)} {second}.",
    ]
    if rng.random() < 0.7:
        sentences.append(f"{rng.choice(DOUBTS)}, {rng.choice(REPLIES)}.")
    sentences.append(rng.choice(CLOSINGS))
    return " ".join(sentences)
