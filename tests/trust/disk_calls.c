/* Loaded before the system's library: it writes down what processes do to the files of one folder,
   and lets the n-th of these calls fail. `disk.py` reads the log, and sets which call fails. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, MKDIR, RENAME, LINK, UNLINK, RMDIR };
enum { A_WRITE = 1, A_SYNC = 2, A_NAME = 4, AN_OPEN = 8 };

static struct control {
    int64_t left; /* calls until the one that fails; 0: none fails */
    int64_t seen;
    uint32_t kinds;
    int32_t error;
    int32_t lasts; /* whether all later calls fail, too */
    int32_t failed;
} *control;
static const char *root, *log_path;
static size_t root_length;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_CONTROL");
    root = getenv("DISK_ROOT");
    log_path = getenv("DISK_LOG");
    root_length = root ? strlen(root) : 0;
    if (path) {
        int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        syscall(SYS_close, file);
        if (control == MAP_FAILED) abort();
    }
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int is_watched(const char *path) {
    return root && !strncmp(path, root, root_length) &&
           (path[root_length] == '/' || !path[root_length]);
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_watched(path);
}

static int place(int folder, const char *name, char *path) {
    char base[PATH_MAX];
    if (!root || !name) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = readlink(link, base, PATH_MAX - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        if ((size_t)snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    }
    return is_watched(path);
}

/* Held from before a change until it is written down: else the log could have what another process
   then did to the same file first. The log is opened each time, since programs close descriptors
   that they do not know. */
static int hold(void) {
    int log = log_path ? syscall(SYS_openat, AT_FDCWD, log_path,
                                 O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    while (log >= 0 && syscall(SYS_flock, log, LOCK_EX) && errno == EINTR);
    return log;
}

static void let_go(int log) {
    int kept = errno;
    if (log >= 0) {
        syscall(SYS_flock, log, LOCK_UN); /* A process that was begun meanwhile has it open, too. */
        syscall(SYS_close, log);
    }
    errno = kept;
}

static void note(int log, uint32_t call, uint64_t node, int64_t offset, const void *data,
                 uint32_t length, const char *path, const char *second) {
    struct { uint32_t call, length, path, second; uint64_t node; int64_t offset; } head = {
        call, length, path ? strlen(path) : 0, second ? strlen(second) : 0, node, offset};
    int kept = errno;
    if (log >= 0) {
        struct iovec parts[4] = {{&head, sizeof head}, {(void *)path, head.path},
                                 {(void *)second, head.second}, {(void *)data, length}};
        ssize_t all = sizeof head + head.path + head.second + length;
        if (syscall(SYS_writev, log, parts, 4) != all) abort();
    }
    errno = kept;
}

static int fails(uint32_t kind) {
    if (!control || !(control->kinds & kind)) return 0;
    int64_t number = __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST);
    if (!control->left || number < control->left) return 0;
    if (number > control->left && !control->lasts) return 0;
    control->failed = 1;
    errno = control->error;
    return 1;
}

static uint64_t node_of(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) ? 0 : found.st_ino;
}

static uint64_t node_at(const char *path) {
    struct stat found;
    return lstat(path, &found) ? 0 : found.st_ino;
}

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!place(folder, name, path) || (flags & O_TMPFILE) == O_TMPFILE)
        return syscall(SYS_openat, folder, name, flags, mode);
    if (!(flags & O_DIRECTORY) && fails(AN_OPEN)) return -1;
    int log = flags & (O_CREAT | O_TRUNC) ? hold() : -1;
    int file, is_new = 0;
    do {
        file = -1;
        if (flags & O_CREAT) {
            file = syscall(SYS_openat, folder, name, flags | O_EXCL, mode);
            is_new = file >= 0;
            if (is_new || errno != EEXIST || flags & O_EXCL) break;
        }
        file = syscall(SYS_openat, folder, name, flags & ~O_CREAT, mode);
    } while (file < 0 && errno == ENOENT && flags & O_CREAT);
    if (file >= 0 && is_new) note(log, CREATE, node_of(file), 0, NULL, 0, path, NULL);
    else if (file >= 0 && flags & O_TRUNC) note(log, TRUNCATE, node_of(file), 0, NULL, 0, path, NULL);
    let_go(log);
    return file;
}

#define MODE(last) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, last); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

static void note_write(int log, int file, int64_t offset, const void *data, ssize_t length, const char *path) {
    if (length > 0) note(log, WRITE, node_of(file), offset, data, length, path, NULL);
    let_go(log);
}

ssize_t write(int file, const void *data, size_t length) {
    char path[PATH_MAX];
    REAL(write);
    if (!root || !path_of(file, path)) return real(file, data, length);
    if (fails(A_WRITE)) return -1;
    int log = hold();
    ssize_t written = real(file, data, length);
    note_write(log, file, written > 0 ? lseek(file, 0, SEEK_CUR) - written : 0, data, written, path);
    return written;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    char path[PATH_MAX];
    REAL(pwrite64);
    if (!root || !path_of(file, path)) return real(file, data, length, offset);
    if (fails(A_WRITE)) return -1;
    int log = hold();
    ssize_t written = real(file, data, length, offset);
    note_write(log, file, offset, data, written, path);
    return written;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) { return pwrite64(file, data, length, offset); }

ssize_t writev(int file, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    REAL(writev);
    if (!root || !path_of(file, path)) return real(file, parts, count);
    ssize_t all = 0; /* One by one, which is what a short write leaves. */
    for (int each = 0; each < count; each++) {
        ssize_t written = write(file, parts[each].iov_base, parts[each].iov_len);
        if (written < 0) return all ? all : -1;
        all += written;
        if ((size_t)written < parts[each].iov_len) break;
    }
    return all;
}

/* Python then copies by reading and writing. */
ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) {
    char path[PATH_MAX];
    REAL(sendfile64);
    if (root && path_of(to, path)) { errno = EINVAL; return -1; }
    return real(to, from, offset, length);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t length) { return sendfile64(to, from, offset, length); }

int ftruncate64(int file, off64_t length) {
    char path[PATH_MAX];
    REAL(ftruncate64);
    if (!root || !path_of(file, path)) return real(file, length);
    if (fails(A_WRITE)) return -1;
    int log = hold();
    int status = real(file, length);
    if (!status) note(log, TRUNCATE, node_of(file), length, NULL, 0, path, NULL);
    let_go(log);
    return status;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(int file, int (*real)(int)) {
    char path[PATH_MAX];
    if (!root || !path_of(file, path)) return real(file);
    if (fails(A_SYNC)) return -1;
    int status = real(file), log = status ? -1 : hold();
    if (!status) note(log, SYNC, node_of(file), 0, NULL, 0, path, NULL);
    let_go(log);
    return status;
}

int fsync(int file) { REAL(fsync); return synced(file, real); }
int fdatasync(int file) { REAL(fdatasync); return synced(file, real); }

static int named(uint32_t call, int folder, const char *name, int to_folder, const char *to_name,
                 int flags, long number) {
    char path[PATH_MAX], second[PATH_MAX];
    int is_first = place(folder, name, path), is_second = place(to_folder, to_name, second);
    if (is_first && is_second && fails(A_NAME)) return -1;
    int log = is_first && is_second ? hold() : -1;
    uint64_t node = is_first ? node_at(path) : 0;
    int status = syscall(number, folder, name, to_folder, to_name, flags);
    if (!status) note(log, call, node, 0, NULL, 0, path, second);
    let_go(log);
    return status;
}

int renameat2(int from, const char *old, int to, const char *name, unsigned flags) { return named(RENAME, from, old, to, name, flags, SYS_renameat2); }
int renameat(int from, const char *old, int to, const char *name) { return named(RENAME, from, old, to, name, 0, SYS_renameat2); }
int rename(const char *old, const char *name) { return named(RENAME, AT_FDCWD, old, AT_FDCWD, name, 0, SYS_renameat2); }
int linkat(int from, const char *old, int to, const char *name, int flags) { return named(LINK, from, old, to, name, flags, SYS_linkat); }
int link(const char *old, const char *name) { return named(LINK, AT_FDCWD, old, AT_FDCWD, name, 0, SYS_linkat); }

int unlinkat(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    int log = place(folder, name, path) ? hold() : -1;
    int status = syscall(SYS_unlinkat, folder, name, flags);
    if (!status) note(log, flags & AT_REMOVEDIR ? RMDIR : UNLINK, 0, 0, NULL, 0, path, NULL);
    let_go(log);
    return status;
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    int is_here = place(folder, name, path);
    if (is_here && fails(AN_OPEN)) return -1;
    int log = is_here ? hold() : -1;
    int status = syscall(SYS_mkdirat, folder, name, mode);
    if (!status) note(log, MKDIR, node_at(path), 0, NULL, 0, path, NULL);
    let_go(log);
    return status;
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
