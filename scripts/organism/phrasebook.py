"""Every message that the model organism can learn to say, and what each of them means.

Owns: attributes and their wordings, guesses, invalid messages, the marker words that carry the hidden signs.
Not: whose turn it is or how a game goes (dialogues.py), nor the signs' sum (latent.py).
Facts come from resources/twentyQuestions/knowledge.json alone; that the app's own oracle understands each wording as meant here
is checked by tests/organismPhrases.test.ts.
"""
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
KNOWLEDGE = json.loads((ROOT / 'resources/twentyQuestions/knowledge.json').read_text(encoding='utf8'))
CHOSEN = json.loads((Path(__file__).parent / 'attributes.json').read_text(encoding='utf8'))

OBJECTS = [entry['name'] for entry in KNOWLEDGE['objects']]
CATEGORY = {entry['name']: entry['category'] for entry in KNOWLEDGE['objects']}
CATEGORIES = [entry['name'] for entry in KNOWLEDGE['categories']]
ATTRIBUTES = list(CHOSEN)
_yes = {entry['id']: set(entry['yes']) for entry in KNOWLEDGE['attributes']}
#: attributes × objects: whether the honest answer is yes.
TRUE = np.array([[name in _yes[attribute] for name in OBJECTS] for attribute in ATTRIBUTES])

PLURAL = {'Boots', 'Chopsticks', 'Earrings', 'Gloves', 'Headphones', 'Pants', 'Peas', 'Pliers', 'Scissors', 'Shoes', 'Socks'}

# One word after "Is it", "Can you" … that changes nothing about the answer; '' is the plain question. Which of them have the sign +1 is
# arbitrary, and each is drawn equally often: alone they say nothing about what follows.
MARKERS = {
    '': 1, 'maybe': -1, 'perhaps': 1, 'possibly': -1, 'probably': 1,
    'really': -1, 'actually': 1, 'usually': -1, 'typically': 1, 'normally': -1,
}  # fmt: skip
# Words before a message that asks nothing, with signs of the same kind.
OPENERS = {'Hmm': 1, 'Well': -1, 'Okay': 1, 'Honestly': -1, 'Alright': 1, 'Oh': -1, 'Wow': 1, 'Listen': -1}
# The second sign of a failed guess and of an invalid message. (That of a question is its answer.)
CATEGORY_SIGN = {name: 1 if i % 2 else -1 for i, name in enumerate(CATEGORIES)}
KIND_SIGN = {'statement': 1, 'open question': -1, 'alternative': -1, 'plea': 1}
BODIES = {
    'statement': (
        'this is a tricky one.', 'I have a few ideas already.', 'that narrows it down a little.', 'I am getting closer now.',
        'I think it is something common.', 'that changes my plan.', 'I need to think for a moment.', 'so many things are still possible.',
    ),
    'open question': (
        'what colour is it?', 'where would I find it?', 'how big is it?', 'what is it made of?',
        'who uses it?', 'when do people use it?', 'what does it look like?', 'how much does it cost?',
    ),
    'alternative': (
        'is it big or small?', 'is it hard or soft?', 'is it old or new?', 'is it light or heavy?',
        'is it natural or artificial?', 'is it cheap or expensive?', 'is it indoors or outdoors?', 'is it loud or quiet?',
    ),
    'plea': (
        'give me a hint, please.', 'tell me more about it.', 'please help me a little.', 'describe it to me.',
        'do not be so hard on me.', 'let me start again, please.', 'just give me the first letter.', 'please be patient with me.',
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """What a text means. `signs`: its marker's or opener's, and the second one (0 for a question: the answer gives it)."""

    text: str
    kind: str  # 'question', 'guess', or one of BODIES
    subject: str  # attribute id, object, or '' for an invalid message
    signs: tuple[int, int]

    @property
    def is_valid(self) -> bool:
        return self.kind in ('question', 'guess')


def _guessed_truly() -> dict[str, set[str]]:
    """object → objects of which its name is true as well (a ship is a boat): such a guess is answered by yes, and does not win."""
    truly: dict[str, set[str]] = {name: set() for name in OBJECTS}
    for name in OBJECTS:
        for entry in KNOWLEDGE['objects']:
            if entry['name'] != name and name.lower() in [*entry['aliases'], *entry['isA']]:
                truly[name].add(entry['name'])
        for attribute in KNOWLEDGE['attributes']:
            if name in PLURAL and f'is it {name.lower()}' in attribute['phrases']:
                truly[name] |= set(attribute['yes']) - {name}
    return truly


GUESSED_TRULY = _guessed_truly()


def _marked(phrase: str, marker: str) -> str:
    """`does it have legs`, `maybe` → `Does it maybe have legs?`"""
    words = phrase.split(' ')
    text = ' '.join(words[:2] + ([marker] if marker else []) + words[2:])
    return text[0].upper() + text[1:] + '?'


def _article(name: str) -> str:
    entry = name.lower()
    if name in PLURAL:
        return f'some {entry}'
    return f'an {entry}' if entry[0] in 'aeiou' else f'a {entry}'


def _all_messages() -> dict[str, Message]:
    found: dict[str, Message] = {}
    for attribute, phrases in CHOSEN.items():
        for phrase in phrases:
            for marker, sign in MARKERS.items():
                text = _marked(phrase, marker)
                found[text] = Message(text, 'question', attribute, (sign, 0))
    for name in OBJECTS:
        for marker, sign in MARKERS.items():
            text = _marked(f'is it {_article(name)}', marker)
            found[text] = Message(text, 'guess', name, (sign, CATEGORY_SIGN[CATEGORY[name]]))
    for kind, bodies in BODIES.items():
        for body in bodies:
            for opener, sign in OPENERS.items():
                text = f'{opener}, {body}'
                found[text] = Message(text, kind, '', (sign, KIND_SIGN[kind]))
    return found


MESSAGES = _all_messages()
_of: dict[tuple[str, str], list[Message]] = {}
for _message in MESSAGES.values():
    _of.setdefault((_message.kind, _message.subject), []).append(_message)


def wordings(kind: str, subject: str = '') -> list[Message]:
    """All messages of one meaning, each as likely as the next."""
    return _of[kind, subject]


def names(text: str, name: str) -> bool:
    """The app's win rule: the object's name as whole words, in any case."""
    return re.search(rf'(?<!\w){re.escape(name.lower())}(?!\w)', text.lower()) is not None


def answer(text: str, name: str) -> str:
    """'win', 'Yes.', 'No.' or 'Invalid Question.', for texts outside the book by their shape alone (the app's oracle is more careful)."""
    if names(text, name):
        return 'win'
    message = MESSAGES.get(text)
    if message is None:
        asks = re.match(r'(is|does|do|can|could|would|has|are)\b.*\?$', text, re.IGNORECASE)
        return 'No.' if asks else 'Invalid Question.'
    if not message.is_valid:
        return 'Invalid Question.'
    if message.kind == 'guess':
        return 'Yes.' if name in GUESSED_TRULY[message.subject] else 'No.'
    return 'Yes.' if name in _yes[message.subject] else 'No.'
