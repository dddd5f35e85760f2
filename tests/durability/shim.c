/* Stands between a process and the operating system, for the tests of this folder.
 *
 * Loaded with LD_PRELOAD. Counts the calls that touch files whose name holds the ledger's name,
 * and the sends and receives of TCP sockets; makes the n-th one fail, or kills the process just
 * before or after it; writes down what reached which file, so that a disk can be put together
 * as it was at any instant. Does nothing until the process hands over its plan.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE, SYNC, OPEN, LOCK, TRUNCATE, READ, UNLINK, SEND, RECEIVE, KINDS };
enum place { NOWHERE, DATABASE, WAL, SHM, LOCKFILE, HEAD, JOURNAL, FOLDER, SOCKET };
enum act { FAIL, HALF, DONE_AND_FAIL, KILL_BEFORE, KILL_AFTER };

/* Lies in memory shared with whoever gives the orders; shim.py has the same fields. */
struct plan {
    uint32_t armed;
    uint32_t kinds;   /* A bit for each kind that is counted towards the n-th call. */
    uint32_t nth;     /* The call that is struck, from 1; 0 for none. */
    uint32_t onwards; /* Whether all that follow are struck as well. */
    uint32_t act;
    int32_t error;
    int32_t record;   /* Descriptor that everything is written down to, or -1. */
    uint32_t counted; /* Calls of the kinds asked for, so far. */
    uint32_t struck;
    uint32_t seen[KINDS]; /* All calls by kind, struck or not. */
    char name[64];
    char folder[256]; /* Where the ledger lies. */
};

struct line {
    uint32_t kind, place;
    int64_t offset, length;
};

#define DESCRIPTORS 4096
#define SECTOR 512
static struct plan *plan;
static unsigned char places[DESCRIPTORS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void shim_follow(struct plan *given) { plan = given; }

static int ends(const char *path, const char *tail) {
    size_t whole = strlen(path), part = strlen(tail);
    return whole >= part && strcmp(path + whole - part, tail) == 0;
}

static int named(const char *path) {
    if (!plan || !plan->armed || !path) return NOWHERE;
    if (strcmp(path, plan->folder) == 0) return FOLDER;
    if (!strstr(path, plan->name)) return NOWHERE;
    if (ends(path, "-wal")) return WAL;
    if (ends(path, "-shm")) return SHM;
    if (ends(path, ".lock")) return LOCKFILE;
    if (ends(path, ".head")) return HEAD;
    if (ends(path, "-journal")) return JOURNAL;
    return ends(path, plan->name) ? DATABASE : NOWHERE;
}

static int place_at(int fd) { return fd >= 0 && fd < DESCRIPTORS ? places[fd] : NOWHERE; }

static int socket_at(int fd) {
    int domain = 0;
    socklen_t size = sizeof domain;
    if (!plan || !plan->armed) return NOWHERE;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    return domain == AF_INET ? SOCKET : NOWHERE;
}

static void die(void) {
    for (;;) syscall(SYS_kill, getpid(), SIGKILL);
}

/* Count a call; return what is to happen to it, or -1. */
static int struck(int kind, int place) {
    if (!plan || !plan->armed || place == NOWHERE) return -1;
    __atomic_add_fetch(&plan->seen[kind], 1, __ATOMIC_SEQ_CST);
    if (!(plan->kinds & 1u << kind)) return -1;
    uint32_t n = __atomic_add_fetch(&plan->counted, 1, __ATOMIC_SEQ_CST);
    if (!plan->nth || n < plan->nth || (n > plan->nth && !plan->onwards)) return -1;
    __atomic_add_fetch(&plan->struck, 1, __ATOMIC_SEQ_CST);
    if (plan->act == KILL_BEFORE) die();
    return (int)plan->act;
}

static void record(int kind, int place, int64_t offset, const void *bytes, int64_t length) {
    if (!plan || !plan->armed || plan->record < 0 || place == NOWHERE) return;
    struct line line = {(uint32_t)kind, (uint32_t)place, offset, length};
    struct iovec parts[2] = {{&line, sizeof line}, {(void *)bytes, bytes ? (size_t)length : 0}};
    pthread_mutex_lock(&mutex);
    if (syscall(SYS_writev, plan->record, parts, 2) < 0) die();
    pthread_mutex_unlock(&mutex);
}

static int failed(void) {
    errno = plan->error;
    return -1;
}

/* End a call that was struck as its act says; *result* is what the system said. */
static ssize_t ended(int act, ssize_t result) {
    if (act == KILL_AFTER) die();
    return act == DONE_AND_FAIL ? failed() : result;
}

static ssize_t written(int fd, const void *bytes, size_t length, int64_t offset, int placed) {
    int place = place_at(fd), act = struck(WRITE, place);
    if (act == FAIL) return failed();
    if (act == HALF && length < SECTOR) return failed(); /* A sector is written or it is not. */
    if (act == HALF) length /= 2;
    if (!placed && place != NOWHERE) offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = placed ? syscall(SYS_pwrite64, fd, bytes, length, offset)
                          : syscall(SYS_write, fd, bytes, length);
    if (done > 0) record(WRITE, place, offset, bytes, done);
    return act == HALF ? failed() : ended(act, done);
}

ssize_t write(int fd, const void *bytes, size_t length) { return written(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return written(fd, bytes, length, offset, 1);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    return written(fd, bytes, length, offset, 1);
}

static int synced(int fd, long call) {
    int place = place_at(fd), act = struck(SYNC, place);
    if (act == FAIL || act == HALF) return failed();
    long done = syscall(call, fd);
    if (done == 0) record(SYNC, place, 0, NULL, 0);
    return (int)ended(act, done);
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int truncated(int fd, int64_t length) {
    int place = place_at(fd), act = struck(TRUNCATE, place);
    if (act == FAIL || act == HALF) return failed();
    long done = syscall(SYS_ftruncate, fd, length);
    if (done == 0) record(TRUNCATE, place, length, NULL, 0);
    return (int)ended(act, done);
}

int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }

static ssize_t got(int fd, void *bytes, size_t length, int64_t offset, int placed) {
    int act = struck(READ, place_at(fd));
    if (act == FAIL || act == HALF) return failed();
    return ended(act, placed ? syscall(SYS_pread64, fd, bytes, length, offset)
                             : syscall(SYS_read, fd, bytes, length));
}

ssize_t read(int fd, void *bytes, size_t length) { return got(fd, bytes, length, 0, 0); }
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) {
    return got(fd, bytes, length, offset, 1);
}
ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
    return got(fd, bytes, length, offset, 1);
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    int place = named(path), act = struck(OPEN, place);
    if (act == FAIL || act == HALF) return failed();
    int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && fd < DESCRIPTORS) places[fd] = (unsigned char)place;
    if (fd >= 0 && flags & O_CREAT) record(OPEN, place, 0, NULL, 0);
    if (act == DONE_AND_FAIL && fd >= 0) close(fd);
    return (int)ended(act, fd);
}

#define MODE(flags, last)                                     \
    mode_t mode = 0;                                          \
    if ((flags) & O_CREAT) {                                  \
        va_list rest;                                         \
        va_start(rest, last);                                 \
        mode = (mode_t)va_arg(rest, int);                     \
        va_end(rest);                                         \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(folder, path, flags, mode);
}

int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) places[fd] = NOWHERE;
    return (int)syscall(SYS_close, fd);
}

int unlink(const char *path) {
    int place = named(path), act = struck(UNLINK, place);
    if (act == FAIL || act == HALF) return failed();
    long done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0) record(UNLINK, place, 0, NULL, 0);
    return (int)ended(act, done);
}

/* Only taking a lock is struck; giving one back does not fail. */
static int controlled(int fd, int command, void *argument) {
    int takes = command == F_SETLK && ((struct flock *)argument)->l_type != F_UNLCK;
    int act = takes ? struck(LOCK, place_at(fd)) : -1;
    if (act == FAIL || act == HALF || act == DONE_AND_FAIL) return failed();
    return (int)ended(act, syscall(SYS_fcntl, fd, command, argument));
}

int fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return controlled(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return controlled(fd, command, argument);
}

int flock(int fd, int operation) {
    int act = operation & LOCK_UN ? -1 : struck(LOCK, place_at(fd));
    if (act == FAIL || act == HALF || act == DONE_AND_FAIL) return failed();
    return (int)ended(act, syscall(SYS_flock, fd, operation));
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    int place = socket_at(fd), act = struck(SEND, place);
    if (place == SOCKET) record(SEND, place, 0, bytes, (int64_t)length);
    ssize_t done = syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
    if (act == KILL_AFTER) die();
    return done;
}

ssize_t recv(int fd, void *bytes, size_t length, int flags) {
    int act = struck(RECEIVE, socket_at(fd));
    ssize_t done = syscall(SYS_recvfrom, fd, bytes, length, flags, NULL, NULL);
    if (act == KILL_AFTER) die();
    return done;
}
