//===- KernelCacheTest.cpp - the cache directory --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/cache/KernelCache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace eclip;
namespace fs = std::filesystem;

namespace {

CacheKey keyOfNumber(unsigned number) {
  CacheKey key = {};
  for (unsigned i = 0; i < 4; ++i)
    key[i] = number >> (8 * i);
  return key;
}

class Cache : public testing::Test {
protected:
  void SetUp() override {
    std::string model = testing::TempDir() + "/kernel_cache_XXXXXX";
    ASSERT_NE(mkdtemp(model.data()), nullptr);
    folder = model;
    directory = folder / "a" / "b"; // made on the first store
  }
  void TearDown() override { fs::remove_all(folder); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    if (fs::exists(directory))
      for (const auto &entry : fs::directory_iterator(directory))
        if (entry.path().filename() != "llvmcache.timestamp")
          found.push_back(entry.path());
    return found;
  }
  KernelCache open(uint64_t maxBytes = 0) {
    return KernelCache(directory.string(), maxBytes);
  }

  fs::path folder, directory;
};

std::string read(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
void write(const fs::path &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace

TEST_F(Cache, KeepsValuesByKey) {
  KernelCache cache = open();
  EXPECT_FALSE(cache.load(keyOfNumber(1)).file);
  std::string big(1 << 20, 'x');
  big[77] = '\0';
  cache.store(keyOfNumber(1), big);
  cache.store(keyOfNumber(2), "");
  EXPECT_EQ(open().load(keyOfNumber(1)).value, big);
  EXPECT_TRUE(open().load(keyOfNumber(2)).file);
  EXPECT_EQ(open().load(keyOfNumber(2)).value, "");
  EXPECT_FALSE(open().load(keyOfNumber(3)).file);
  EXPECT_EQ(cache.problem(), "");
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(Cache, OnlyTheUserMayReadOrWriteEntries) {
  open().store(keyOfNumber(1), "value");
  auto others = fs::perms::group_all | fs::perms::others_all;
  EXPECT_EQ(fs::status(directory).permissions() & others, fs::perms::none);
  EXPECT_EQ(fs::status(files().at(0)).permissions() & others, fs::perms::none);
}

TEST_F(Cache, AnyChangedByteIsAMissAndDeletesTheEntry) {
  open().store(keyOfNumber(1), "a kernel's object");
  fs::path path = files().at(0);
  std::string whole = read(path);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] ^= 1 << (i % 8);
    write(path, damaged);
    KernelCache cache = open();
    EXPECT_FALSE(cache.load(keyOfNumber(1)).file) << "byte " << i;
    EXPECT_FALSE(fs::exists(path)) << "byte " << i;
    EXPECT_EQ(cache.problem(), "");
  }
}

TEST_F(Cache, AnyOtherLengthIsAMiss) {
  open().store(keyOfNumber(1), "a kernel's object");
  fs::path path = files().at(0);
  std::string whole = read(path);
  for (size_t size = 0; size <= whole.size() + 3; ++size) {
    std::string damaged = whole;
    damaged.resize(size);
    write(path, damaged);
    EXPECT_EQ(open().load(keyOfNumber(1)).file != nullptr, size == whole.size())
        << size << " bytes";
  }
}

TEST_F(Cache, EntryOfAnotherKeyIsAMiss) {
  open().store(keyOfNumber(1), "one");
  fs::path one = files().at(0);
  open().store(keyOfNumber(2), "two");
  for (const fs::path &path : files())
    if (path != one)
      fs::copy_file(one, path, fs::copy_options::overwrite_existing);
  EXPECT_FALSE(open().load(keyOfNumber(2)).file);
  EXPECT_EQ(open().load(keyOfNumber(1)).value, "one");
}

TEST_F(Cache, EvictsWhatWasNotUsedForLongest) {
  std::string value(10000, 'x');
  {
    KernelCache cache = open();
    for (unsigned i = 0; i < 10; ++i)
      cache.store(keyOfNumber(i), value);
  }
  // Make all old, then use two of them.
  for (const fs::path &path : files()) {
    timespec times[2] = {{1000000, 0}, {1000000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  EXPECT_TRUE(open().load(keyOfNumber(3)).file);
  EXPECT_TRUE(open().load(keyOfNumber(7)).file);
  KernelCache limited = open(35000);
  limited.store(keyOfNumber(10), value);
  limited.prune();
  EXPECT_EQ(files().size(), 3u);
  for (unsigned i = 0; i <= 10; ++i)
    EXPECT_EQ(open().load(keyOfNumber(i)).file != nullptr,
              i == 3 || i == 7 || i == 10)
        << i;
}

TEST_F(Cache, EvictionLeavesWhatAReaderHas) {
  std::string value(10000, 'x');
  open().store(keyOfNumber(1), value);
  CacheEntry held = open().load(keyOfNumber(1));
  KernelCache limited = open(1);
  limited.store(keyOfNumber(2), value);
  limited.prune();
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(held.value, value);
}

TEST_F(Cache, EvictsLeftTemporaryFilesAndNothingForeign) {
  open().store(keyOfNumber(1), "value");
  write(directory / "llvmcache-tmp-0123456789ab", std::string(10000, 'x'));
  write(directory / "notes.txt", std::string(10000, 'x'));
  KernelCache limited = open(1);
  limited.store(keyOfNumber(2), "value");
  limited.prune();
  ASSERT_EQ(files().size(), 1u);
  EXPECT_EQ(files()[0].filename(), "notes.txt");
}

TEST_F(Cache, DirectoryThatCannotBeMadeIsAProblemAndNoFailure) {
  write(folder / "a", "a file where a folder should be");
  KernelCache cache = open();
  EXPECT_FALSE(cache.load(keyOfNumber(1)).file);
  cache.store(keyOfNumber(1), "value");
  cache.store(keyOfNumber(2), "value");
  cache.prune();
  EXPECT_NE(cache.problem().find(directory.string()), std::string::npos);
}

TEST_F(Cache, DirectoryInPlaceOfAnEntryIsAProblemAndNoFailure) {
  open().store(keyOfNumber(1), "value");
  fs::path path = files().at(0);
  fs::remove(path);
  fs::create_directory(path);
  KernelCache cache = open();
  EXPECT_FALSE(cache.load(keyOfNumber(1)).file);
  cache.store(keyOfNumber(1), "value");
  EXPECT_NE(cache.problem(), "");
  EXPECT_EQ(files().size(), 1u) << "a temporary file was left";
}

// A limit on the size of files stands for a full disk: write() fails half way.
TEST_F(Cache, DiskThatIsFullIsAProblemAndNoFailure) {
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    KernelCache cache = open();
    cache.store(keyOfNumber(1), std::string(100000, 'x'));
    bool right = !cache.problem().empty() && files().empty() &&
                 !cache.load(keyOfNumber(1)).file;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// Processes of four threads each store, load, damage and evict the same keys: a
// load gives the value of its key or nothing.
TEST_F(Cache, ManyProcessesShareADirectory) {
  auto valueOf = [](unsigned number) {
    return std::string(2000 + 100 * number, static_cast<char>('a' + number));
  };
  auto work = [&](unsigned seed) {
    std::vector<std::thread> threads;
    std::atomic<bool> allRight = true;
    for (unsigned t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        unsigned state = seed * 4 + t + 1;
        for (unsigned i = 0; i < 150; ++i) {
          state = state * 1103515245 + 12345;
          unsigned number = (state >> 16) % 16;
          KernelCache cache = open(20000);
          if (CacheEntry entry = cache.load(keyOfNumber(number)); entry.file) {
            if (entry.value != valueOf(number)) {
              std::fprintf(stderr, "key %u has another value\n", number);
              allRight = false;
            }
          } else {
            cache.store(keyOfNumber(number), valueOf(number));
            cache.prune();
          }
          if (i % 10 == 0)
            for (const auto &entry : fs::directory_iterator(
                     directory, fs::directory_options::skip_permission_denied)) {
              std::error_code ignored;
              fs::resize_file(entry.path(), 100, ignored);
              break;
            }
          if (!cache.problem().empty()) {
            std::fprintf(stderr, "%s\n", cache.problem().c_str());
            allRight = false;
          }
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    return allRight.load();
  };
  open().store(keyOfNumber(0), valueOf(0));
  std::vector<pid_t> children;
  for (unsigned process = 0; process < 3; ++process) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      _exit(work(process) ? 0 : 1);
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

TEST(CacheDirectory, FollowsTheEnvironment) {
  setenv("HOME", "/home/somebody", 1);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("ECLIP_CACHE_DIR");
  EXPECT_EQ(defaultCacheDirectory(), "/home/somebody/.cache/eclip");
  setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(defaultCacheDirectory(), "/xdg/eclip");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(defaultCacheDirectory(), "");
  setenv("ECLIP_CACHE_DIR", "/own", 1);
  EXPECT_EQ(defaultCacheDirectory(), "/own");
}
