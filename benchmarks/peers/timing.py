"""How the peers of benchmarks/speed.ts take the time of a cell: as our side does (shared/ownCells.ts)."""
import math
import statistics
import time

import psutil

REPEATS = 3
REPEAT_SECONDS = 0.4


def measure_cells(job, prompts, answers):
    """One entry for each place of the job.

    prompts(batch, context) runs so many prompts; answers(batch, context) gives two functions: one pass, and one that takes the
    passes back.
    """
    prompts(1, 256)
    rate = 256 / timed(lambda: prompts(1, 256))[0]
    found = []
    for place in job["places"]:
        batch, context, limit = place["batch"], place["context"], job["cellSeconds"]
        tokens = batch * context
        # Filling rows costs a prompt for some engines, memory for all.
        if tokens * job.get("bytesPerPosition", 0) > psutil.virtual_memory().available / 2:
            found.append({"skipped": "does not fit memory"})
        elif place["kind"] == "prefill":
            seconds = tokens / rate
            times = []
            while len(times) < REPEATS and (len(times) + 1) * seconds <= limit:
                times.append(timed(lambda: prompts(batch, context)))
            found.append(figures(times, tokens) if times else {"skipped": f"would take {math.ceil(seconds)} s"})
            if batch == 1 and times:
                rate = context / times[0][0]
        else:
            found.append(measure_answers(answers(batch, context), batch, limit))
    return found


def measure_answers(pair, batch, limit):
    one_pass, back = pair
    one_pass()
    wall = timed(one_pass)[0]
    back()
    if REPEATS * wall > limit:
        return {"skipped": f"would take {math.ceil(REPEATS * wall)} s"}
    passes = math.ceil(REPEAT_SECONDS / wall)
    times = []
    for _ in range(REPEATS):
        times.append(timed(lambda: [one_pass() for _ in range(passes)]))
        back()
    return figures(times, batch * passes)


def timed(work):
    """(wall seconds, core-seconds)"""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def figures(times, tokens):
    walls, cores = zip(*times)
    middle = statistics.median(cores)
    return {
        "tokensPerCoreSecond": tokens / middle,
        "tokensPerSecond": tokens / statistics.median(walls),
        "spread": (max(cores) - min(cores)) / middle if len(cores) > 1 else None,
    }
