"""How long one call takes: nanoseconds of each of some calls, after one that warms up where there are several."""

import time


def nanoseconds(run, times):
    if times > 1:
        run()
    answer = []
    for _ in range(times):
        begin = time.perf_counter_ns()
        run()
        answer.append(time.perf_counter_ns() - begin)
    return answer
