/* A clock that is set: preloaded, the wall clock stands CLOCK_STEP seconds off, from when the program says so on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *found) {
    int (*plain)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int done = plain(clock, found);
    const char *step = getenv("CLOCK_STEP");
    if (done == 0 && clock == CLOCK_REALTIME && step)
        found->tv_sec += atol(step);
    return done;
}
