"""Real messages of a small model playing Twenty Questions, to be labelled by hand.

Owns: drawing the messages. Not: labelling them (a person did; tests/parity/golden/oracleQuestions.md).
Usage: python scripts/generateOracleQuestions.py MODEL_FOLDER OUT.jsonl [--episodes 200] [--steps 3] [--pool plausible] [--seed 42]

Episodes run in lockstep, one batch each. A fifth of them start from the bare first observation, the others from
two to eight question-answer pairs of a pool, so that late, repetitive prompts are covered too. Two thirds have the
case study's system prompt. The answers in the history are stand-ins (seeded yes or no; "Invalid Question." where the
message has no question mark): what matters here is how a model phrases itself, not whether the game is consistent.
Written against torch 2.x and transformers 4.x/5.x; the versions in use are written into the first line of the output.
"""

import argparse
import json
import random

import torch
import transformers

SYSTEM_PROMPT = (
    "You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object, "
    "such as 'Is it alive?' or 'Can you eat it?'. Do not answer the question and do not write anything else."
)
FIRST_OBSERVATION = (
    "Let's play Twenty Questions! I'm thinking of an object. You have 20 questions to guess what it is. "
    "Ask yes/no questions to narrow down the possibilities. "
    "When you think you know the answer, ask 'Is it [object]?'"
)
PLAUSIBLE_QUESTIONS = [
    "Is it alive?", "Is it an animal?", "Is it a plant?", "Is it man-made?", "Can you eat it?", "Is it a fruit?",
    "Is it bigger than a person?", "Is it smaller than a shoebox?", "Does it have wheels?", "Is it made of metal?",
    "Is it used indoors?", "Would I find it in a kitchen?", "Does it use electricity?", "Can you hold it in one hand?",
    "Is it soft?", "Do people wear it?", "Is it a piece of furniture?", "Does it make a sound?", "Is it a tool?",
    "Is it found outdoors?", "Does it have moving parts?", "Is it something you use every day?", "Is it expensive?",
    "Is it a vehicle?", "Is it round?", "Is it a musical instrument?", "Does it have legs?", "Is it made of wood?",
    "Is it used for writing?", "Is it a toy?", "Can it fly?", "Is it heavier than a car?",
]
UNCOMMON_QUESTIONS = [
    "Do people keep it as a pet?", "Would it fit in a backpack?", "Is it usually green?", "Does it have a handle?",
    "Could a child lift it?", "Has it got a screen?", "Do you plug it in?", "Is it worn on the head?",
    "Is it found in the bathroom?", "Does it need batteries?", "Can you sit on it?", "Is it made of glass or metal?",
    "Was it invented in the last hundred years?", "Do you drink from it?", "Does it grow on trees?", "Is it sharp?",
    "Is it something a musician would use?", "Can it be folded?", "Is it part of a sport?", "Do farmers raise it?",
    "Is it sweet?", "Does it carry passengers?", "Is it larger than a microwave?", "Would you give it as a gift?",
    "Is it used for cutting?", "Does it come in pairs?", "Is there water in it?", "Is it a kind of clothing?",
    "Does it roar?", "Is it kept in a toolbox?", "Is it a work of art?", "Might you see it in an office?",
]
OBJECTS = [
    "Basketball", "Tennis racket", "Helmet", "Cat", "Horse", "Rabbit", "Elephant", "Apple", "Banana", "Watermelon",
    "Peach", "Car", "Boat", "Airplane", "Train", "Shirt", "Boots", "Hat", "Belt", "Computer", "Television", "Camera",
    "Refrigerator", "Piano", "Drum", "Flute", "Harp", "Chair", "Bed", "Bookcase", "Pillow", "Pen", "Paper", "Battery",
    "Toothbrush", "Scissors", "Key", "Carrot", "Onion", "Corn", "Painting", "Glue", "Sculpture", "Knife", "Bowl",
    "Chopsticks", "Rock", "Tree", "Ocean", "Meteorite", "Doll", "Kite", "Necklace", "Ring", "Watch", "Gloves",
    "Shovel", "Lawn mower", "Hammer", "Drill",
]
TEMPERATURES = [0.7, 0.85, 1.0]
BATCH = 20
MAX_NEW_TOKENS = 64


def observation(history):
    if not history:
        return FIRST_OBSERVATION
    return "\n".join(f"Q{index}: {question}\nA: {answer}" for index, (question, answer) in enumerate(history, 1))


def start_history(episode, pool, generator):
    if episode % 5 == 0:
        return []
    questions = generator.sample(pool, generator.randint(2, 8))
    return [(question, generator.choice(["Yes.", "No."])) for question in questions]


def play(model, tokenizer, episodes, steps, pool, seed, out):
    generator = random.Random(seed)
    for first in range(0, episodes, BATCH):
        batch = range(first, min(first + BATCH, episodes))
        temperature = TEMPERATURES[(first // BATCH) % len(TEMPERATURES)]
        objects = [OBJECTS[episode % len(OBJECTS)] for episode in batch]
        systems = [SYSTEM_PROMPT if episode % 3 else None for episode in batch]
        histories = [start_history(episode, pool, generator) for episode in batch]
        for step in range(steps):
            chats = [
                ([{"role": "system", "content": system}] if system else [])
                + [{"role": "user", "content": observation(history)}]
                for system, history in zip(systems, histories)
            ]
            prompts = [tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for chat in chats]
            inputs = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
            torch.manual_seed(seed * 1_000_003 + first * 101 + step)
            with torch.inference_mode():
                output = model.generate(
                    **inputs, do_sample=True, temperature=temperature, top_k=0, top_p=1.0,
                    max_new_tokens=MAX_NEW_TOKENS, pad_token_id=tokenizer.pad_token_id,
                )
            texts = tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            for episode, name, system, history, text in zip(batch, objects, systems, histories, texts):
                record = {
                    "episode": episode, "step": step, "object": name, "temperature": temperature,
                    "system": system is not None, "turns": len(history), "message": text,
                }
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
                answer = generator.choice(["Yes.", "No."]) if "?" in text else "Invalid Question."
                history.append((text.strip(), answer))
            out.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--pool", choices=["plausible", "uncommon"], default="plausible")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model, padding_side="left")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    with open(options.out, "w", encoding="utf-8") as out:
        versions = {"torch": torch.__version__, "transformers": transformers.__version__, "seed": options.seed}
        out.write(json.dumps(versions) + "\n")
        pool = PLAUSIBLE_QUESTIONS if options.pool == "plausible" else UNCOMMON_QUESTIONS
        play(model, tokenizer, options.episodes, options.steps, pool, options.seed, out)


if __name__ == "__main__":
    main()
