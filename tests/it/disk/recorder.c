// Records what a process does to a file and those beside it whose names begin alike, so that a test can tell
// what a disk would hold if the power failed: `disk/mod.rs` reads the record. To be preloaded.
//
// RINGPOST_DISK    the file; its folder is watched for syncs too
// RINGPOST_RECORD  the record, appended to; while there is a file of that name and `.halt`, no sync is done
// RINGPOST_SYNC_US how long a sync takes: time in which the power can fail
//
// A record is a head and its bytes. The order of records is the order in which the files change: both happen
// under one lock. A sync is told when it begins and when it is done, for it covers only what was written
// before. What goes past this library (mapped memory, other calls) is found by the test, which compares the
// record with the files.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint8_t kind;
    uint8_t fresh; // a file that was not there before
    uint16_t name_length;
    uint32_t data_length;
    uint64_t inode;
    uint64_t number; // offset, size or the sync's number
};

enum { FILES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char prefix[4096], folder[4096], halt[4096];
static int record = -1;
static uint64_t syncs;
static useconds_t sync_us;
// The inode behind each descriptor that is watched, else 0.
static uint64_t watched[FILES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *disk = getenv("RINGPOST_DISK"), *file = getenv("RINGPOST_RECORD");
    const char *us = getenv("RINGPOST_SYNC_US");
    if (!disk || !file || strlen(disk) >= sizeof prefix) return;
    strcpy(prefix, disk);
    strcpy(folder, disk);
    char *slash = strrchr(folder, '/');
    if (!slash) return;
    *slash = 0;
    snprintf(halt, sizeof halt, "%s.halt", file);
    sync_us = us ? (useconds_t)atoi(us) : 0;
    record = REAL(open)(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

// The name within the folder; nothing where the file is not watched. The index of a write-ahead log is mapped
// memory, and nobody expects it to outlive the machine.
static const char *name_of(const char *path) {
    size_t length = strlen(path);
    if (record < 0 || strncmp(path, prefix, strlen(prefix))) return NULL;
    if (length >= 4 && !strcmp(path + length - 4, "-shm")) return NULL;
    return path + strlen(folder) + 1;
}

static void tell(uint8_t kind, uint8_t fresh, uint64_t inode, uint64_t number, const char *name,
                 const void *data, size_t length) {
    struct head head = {.kind = kind, .fresh = fresh, .name_length = name ? strlen(name) : 0,
                        .data_length = length, .inode = inode, .number = number};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)name, head.name_length}, {(void *)data, length}};
    ssize_t all = sizeof head + head.name_length + length;
    if (REAL(writev)(record, parts, 3) != all) abort();
}

static uint64_t inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

static int watch(int fd, const char *path, int flags, int fresh) {
    if (fd < 0 || fd >= FILES) return fd;
    const char *name = name_of(path);
    int is_folder = record >= 0 && !strcmp(path, folder);
    watched[fd] = name || is_folder ? inode_of(fd) : 0;
    if (watched[fd]) {
        tell('O', fresh, watched[fd], 0, name ? name : "", NULL, 0);
        if ((flags & O_TRUNC) && !fresh) tell('T', 0, watched[fd], 0, NULL, NULL, 0);
    }
    return fd;
}

static int is_missing(const char *path) {
    struct stat found;
    return name_of(path) && lstat(path, &found) && errno == ENOENT;
}

#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        va_list more;                                                \
        va_start(more, flags);                                       \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;    \
        va_end(more);                                                \
        pthread_mutex_lock(&lock);                                   \
        int fresh = (flags & O_CREAT) && is_missing(path);           \
        int fd = watch(REAL(name)(path, flags, mode), path, flags, fresh); \
        int cause = errno;                                           \
        pthread_mutex_unlock(&lock);                                 \
        errno = cause;                                               \
        return fd;                                                   \
    }
OPEN(open)
OPEN(open64)

static int is_watched(int fd) { return fd >= 0 && fd < FILES && watched[fd]; }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (is_watched(fd)) watched[fd] = 0;
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}

// What is told before it happens is known even if the process is killed in between; what then fails was
// told wrongly, and ends the test.
static void must(int done) {
    if (!done) abort();
}

ssize_t write(int fd, const void *data, size_t length) {
    if (!is_watched(fd)) return REAL(write)(fd, data, length);
    pthread_mutex_lock(&lock);
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    tell('W', 0, watched[fd], lseek(fd, 0, appends ? SEEK_END : SEEK_CUR), NULL, data, length);
    must(REAL(write)(fd, data, length) == (ssize_t)length);
    pthread_mutex_unlock(&lock);
    return length;
}

#define PWRITE(name, offset)                                           \
    ssize_t name(int fd, const void *data, size_t length, offset at) { \
        if (!is_watched(fd)) return REAL(name)(fd, data, length, at);  \
        pthread_mutex_lock(&lock);                                     \
        tell('W', 0, watched[fd], at, NULL, data, length);             \
        must(REAL(name)(fd, data, length, at) == (ssize_t)length);     \
        pthread_mutex_unlock(&lock);                                   \
        return length;                                                 \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, offset)                                         \
    int name(int fd, offset size) {                                    \
        if (!is_watched(fd)) return REAL(name)(fd, size);              \
        pthread_mutex_lock(&lock);                                     \
        tell('T', 0, watched[fd], size, NULL, NULL, 0);                \
        must(!REAL(name)(fd, size));                                   \
        pthread_mutex_unlock(&lock);                                   \
        return 0;                                                      \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

// The real disk need not be troubled: the record says what is safe.
static int sync_file(int fd, int (*real)(int)) {
    if (!is_watched(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    uint64_t number = ++syncs, inode = watched[fd];
    tell('S', 0, inode, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    usleep(sync_us);
    while (!access(halt, F_OK)) usleep(1000);
    pthread_mutex_lock(&lock);
    tell('E', 0, inode, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_file(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_file(fd, REAL(fdatasync)); }

int rename(const char *from, const char *to) {
    const char *old = name_of(from), *new = name_of(to);
    if (!old || !new) return REAL(rename)(from, to);
    pthread_mutex_lock(&lock);
    tell('R', 0, 0, 0, old, new, strlen(new));
    must(!REAL(rename)(from, to));
    pthread_mutex_unlock(&lock);
    return 0;
}

int unlink(const char *path) {
    const char *name = name_of(path);
    if (!name || is_missing(path)) return REAL(unlink)(path);
    pthread_mutex_lock(&lock);
    tell('U', 0, 0, 0, name, NULL, 0);
    must(!REAL(unlink)(path));
    pthread_mutex_unlock(&lock);
    return 0;
}
