"""Which attributes of the knowledge base the organism asks about, and by which two or three wordings of each: writes attributes.json.

Owns: the choice. Not: the facts. Run it again only when knowledge.json changes; the result is committed
(formatted by Prettier), because the weights rest on it.
An attribute is chosen where it is the best or nearly the best split of some set of candidates that halving leads to.
"""
import json
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHAPE = re.compile(r'^(is it|does it|can it|(can|do|would) you (?=.*\bit\b)) ?[a-z ]+$')
# Reads badly, or is taken for something else, once a marker stands behind its second word.
CLUMSY = re.compile(r'\b(or|not|no|something|someone|that|usually|often|commonly|mostly|mainly|typically|ever|i|a thing|it art|it smell|(?:kept|live) outside)\b')
WORDINGS = 3


def phrases_of(entry: dict, names: list[str]) -> list[str]:
    """Short wordings that keep their sense with a marker and name no object: naming one is a guess, and may win."""
    named = re.compile(r'\b(' + '|'.join(name.lower() for name in names) + r')\b')
    fit = [p for p in entry['phrases'] if SHAPE.match(p) and 3 <= len(p.split()) <= 7 and not CLUMSY.search(p) and not named.search(p)]
    return sorted(fit, key=lambda p: len(p.split()))[:WORDINGS]


def main() -> None:
    knowledge = json.loads((ROOT / 'resources/twentyQuestions/knowledge.json').read_text(encoding='utf8'))
    names = [o['name'] for o in knowledge['objects']]
    entries = [a for a in knowledge['attributes'] if len(phrases_of(a, names)) >= 2]
    true = np.array([[n in set(a['yes']) for n in names] for a in entries])
    used = np.zeros(len(entries))

    def split(candidates: np.ndarray, breadth: int) -> None:
        if len(candidates) <= 1:
            return
        yes = true[:, candidates].sum(1)
        balance = np.minimum(yes, len(candidates) - yes)
        if balance.max() == 0:
            return
        # Everyday questions first where they split as well: more wordings are a sign of them.
        rank = balance + 0.02 * len(candidates) * np.minimum(1, true.sum(1) / 40)
        for best in np.argsort(-rank, kind='stable')[:breadth]:
            used[best] += len(candidates)
            inside = true[best, candidates]
            split(candidates[inside], max(1, breadth - 1))
            split(candidates[~inside], max(1, breadth - 1))

    split(np.arange(len(names)), 5)
    chosen = [i for i in np.argsort(-used, kind='stable') if used[i] > 0]
    result = {entries[i]['id']: phrases_of(entries[i], names) for i in sorted(chosen)}
    lines = ',\n'.join(f'  {json.dumps(k)}: {json.dumps(v)}' for k, v in result.items())
    (Path(__file__).parent / 'attributes.json').write_text('{\n' + lines + '\n}\n', encoding='utf8')
    print(len(result), 'attributes')


if __name__ == '__main__':
    main()
