//===- TuneProcess.cpp - a tuner that survives its tiles ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/TuneProcess.h"

#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

using namespace eclip;
using namespace eclip::profiler;

/// More tiles than this don't fail by themselves.
static constexpr size_t kMostFaulty = 40;

void TuneReport::write(char kind, llvm::StringRef text) const {
  std::string line(1, kind);
  for (char c : text)
    line += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
  line += '\n';
  for (const char *at = line.data(), *end = at + line.size(); at < end;) {
    ssize_t written = ::write(file, at, static_cast<size_t>(end - at));
    if (written < 0 && errno != EINTR)
      return; // whoever reads is gone
    at += std::max<ssize_t>(written, 0);
  }
}

void TuneReport::measuring(llvm::StringRef key, llvm::StringRef tile) const {
  write('m', (key + "\t" + tile).str());
}
void TuneReport::done(llvm::StringRef key) const { write('d', key); }
void TuneReport::failed(llvm::StringRef message) const { write('e', message); }

namespace {
/// What came through the pipe of one process.
struct Words {
  std::pair<std::string, std::string> current; ///< key and tile; empty: none
  std::string message;

  void take(llvm::StringRef line, TuneState &state) {
    llvm::StringRef text = line.drop_front(1);
    if (line.front() == 'm') {
      auto [key, tile] = text.split('\t');
      current = {key.str(), tile.str()};
    } else if (line.front() == 'd') {
      state.done.insert(text.str());
      current = {};
    } else {
      message = text.str();
    }
  }
};
} // namespace

/// Reads until the process has closed its end.
static Words listen(int file, TuneState &state) {
  Words words;
  std::string text;
  char block[4096];
  for (;;) {
    ssize_t count = ::read(file, block, sizeof(block));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return words;
    text.append(block, static_cast<size_t>(count));
    for (size_t end; (end = text.find('\n')) != std::string::npos;) {
      if (end > 0)
        words.take(llvm::StringRef(text).take_front(end), state);
      text.erase(0, end + 1);
    }
  }
}

/// How the process ended: its exit status, or -1 for a signal, which `words`
/// then tell.
static int reap(pid_t child, Words &words) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return ExitFailed;
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  words.message = "ended by signal " + std::to_string(WTERMSIG(status));
  return -1;
}

int eclip::profiler::supervise(
    const Options &options,
    const std::function<int(const TuneState &, const TuneReport &)> &run) {
  TuneState state;
  for (;;) {
    int ends[2];
    if (::pipe(ends) != 0)
      return report(ExitFailed, llvm::Twine("pipe: ") + std::strerror(errno));
    llvm::errs().flush();
    pid_t child = ::fork();
    if (child < 0)
      return report(ExitFailed, llvm::Twine("fork: ") + std::strerror(errno));
    if (child == 0) {
      ::close(ends[0]);
      int code = run(state, TuneReport(ends[1]));
      llvm::errs().flush();
      // A device that was lost may hang whoever closes it.
      ::_exit(code);
    }
    ::close(ends[1]);
    Words words = listen(ends[0], state);
    ::close(ends[0]);
    int code = reap(child, words);
    if (code >= 0 && (code != ExitFailed || words.message.empty()))
      return code;
    const auto &[key, tile] = words.current;
    if (tile.empty())
      return report(ExitFailed, words.message);
    if (!options.quiet)
      llvm::errs() << "eclip-profile: warning: tile '" << tile << "' of " << key
                   << " is left out: " << words.message << "\n";
    state.faulty.insert(words.current);
    if (state.faulty.size() > kMostFaulty)
      return report(ExitFailed, "more than " + llvm::Twine(kMostFaulty) +
                                    " tiles failed, the last over: " +
                                    words.message);
  }
}
