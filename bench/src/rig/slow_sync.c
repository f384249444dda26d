// Makes each sync of a process take RINGPOST_SYNC_US microseconds, as on a slower disk. To be preloaded.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long us_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int slowly(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *us = getenv("RINGPOST_SYNC_US");
    long long until = us_now() + (us ? atoll(us) : 0);
    int result = real(fd);
    for (long long left; (left = until - us_now()) > 0;) usleep((useconds_t)left);
    return result;
}

int fsync(int fd) { return slowly(fd, "fsync"); }
int fdatasync(int fd) { return slowly(fd, "fdatasync"); }
