/* SPDX-License-Identifier: MIT
 *
 * Preloaded into merit by test_io_errors.py: makes one call that writes to a file fail.
 *
 *   FAULTY_PATH    calls on files whose path contains this are counted
 *   FAULTY_CALL    number of the call that fails, from 1; 0: none
 *   FAULTY_ERRNO   how
 *   FAULTY_STAYS   1: all calls after it fail too, as on a disk that stays full
 *   FAULTY_LOG     file that is given the name of each counted call, a line each
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int calls;

static int setting(const char* name) {
  const char* text = getenv(name);
  return text ? atoi(text) : 0;
}

static int is_ours(const char* path) {
  const char* wanted = getenv("FAULTY_PATH");
  return wanted && path && strstr(path, wanted);
}

/* Counts a call; whether it is to fail. */
static int fails(const char* name, const char* path) {
  if (!is_ours(path)) return 0;
  const int call = atomic_fetch_add(&calls, 1) + 1;
  const char* log = getenv("FAULTY_LOG");
  if (log) {
    char line[64];
    const int length = snprintf(line, sizeof line, "%s\n", name);
    const int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    ssize_t (*real)(int, const void*, size_t) =
        (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
    if (file >= 0 && real(file, line, (size_t)length) != length) abort();
    if (file >= 0) close(file);
  }
  const int at = setting("FAULTY_CALL");
  if (at == 0 || call < at || (call > at && !setting("FAULTY_STAYS"))) return 0;
  errno = setting("FAULTY_ERRNO");
  return 1;
}

static int fails_at(const char* name, int descriptor) {
  char link[64];
  char path[4096];
  const int error = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  errno = error;
  if (length < 0) return 0;
  path[length] = '\0';
  return fails(name, path);
}

#define NEXT(function) ((typeof(&function))dlsym(RTLD_NEXT, #function))

ssize_t write(int fd, const void* from, size_t size) {
  return fails_at("write", fd) ? -1 : NEXT(write)(fd, from, size);
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  return fails_at("pwrite", fd) ? -1 : NEXT(pwrite)(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void* from, size_t size, off64_t at) {
  return fails_at("pwrite", fd) ? -1 : NEXT(pwrite64)(fd, from, size, at);
}
int fsync(int fd) {
  return fails_at("fsync", fd) ? -1 : NEXT(fsync)(fd);
}
int fdatasync(int fd) {
  return fails_at("fdatasync", fd) ? -1 : NEXT(fdatasync)(fd);
}
int ftruncate(int fd, off_t size) {
  return fails_at("ftruncate", fd) ? -1 : NEXT(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  return fails_at("ftruncate", fd) ? -1 : NEXT(ftruncate64)(fd, size);
}
int fallocate(int fd, int mode, off_t at, off_t size) {
  return fails_at("fallocate", fd) ? -1 : NEXT(fallocate)(fd, mode, at, size);
}
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
  return fails_at("fallocate", fd) ? -1 : NEXT(fallocate64)(fd, mode, at, size);
}
int rename(const char* from, const char* to) {
  return fails("rename", from) ? -1 : NEXT(rename)(from, to);
}
int mkdir(const char* path, mode_t mode) {
  return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode);
}
