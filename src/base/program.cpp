// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/program.hpp>
#include <regctl/base/visible.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

// NOLINTNEXTLINE(readability-redundant-declaration): POSIX wants the program to declare it
extern "C" char** environ;

namespace regctl {

namespace {

constexpr std::uint64_t k_output_limit_bytes = 1024 * 1024;

class Pipe {
public:
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw_errno("make a pipe", errno);
    }
    read_end = FileDescriptor(ends[0]);
    write_end = FileDescriptor(ends[1]);
  }
  FileDescriptor read_end;
  FileDescriptor write_end;
};

class SpawnActions {
public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void redirect(const FileDescriptor& from, int to) {
    ::posix_spawn_file_actions_adddup2(&actions_, from.get(), to);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

private:
  posix_spawn_file_actions_t actions_;
};

/// A running program. The destructor ends one that has not been waited for.
class Child {
public:
  explicit Child(::pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) {
      end();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Waits for the end of the program and returns its wait status. Throws Error{interrupted}: a
  /// program may go on after it has closed its output.
  int wait() {
    constexpr long k_longest_pause_ms = 100;
    int status = 0;
    for (long pause_ms = 1;; pause_ms = std::min(2 * pause_ms, k_longest_pause_ms)) {
      const auto ended = ::waitpid(pid_, &status, WNOHANG);
      if (ended == pid_ || (ended < 0 && errno != EINTR)) {
        pid_ = 0;
        return status;
      }
      interruptible_sleep_ms(pause_ms);
    }
  }

private:
  /// Ends the program by SIGTERM, or by SIGKILL if it does not react. It is gone on return.
  void end() const {
    constexpr int k_looks = 50;
    constexpr std::chrono::milliseconds k_pause{10};
    ::kill(pid_, SIGTERM);
    for (int look = 0; look < k_looks; ++look) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
        return;
      }
      std::this_thread::sleep_for(k_pause);
    }
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  ::pid_t pid_;
};

/// A nameless file in memory with this text. Unlike a pipe it takes an input of any size at once,
/// and a program may leave it unread.
FileDescriptor make_input(std::string_view text) {
  FileDescriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) {
    throw_errno("keep the input of a program", errno);
  }
  write_fully_at(file.get(), 0, as_bytes(text), "the input of a program");
  return file;
}

/// Starts `command` with these as its standard input and output.
::pid_t start(std::vector<std::string> command, const FileDescriptor& input,
              const FileDescriptor& output) {
  SpawnActions actions;
  actions.redirect(input, STDIN_FILENO);
  actions.redirect(output, STDOUT_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (auto& word : command) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  ::pid_t pid = 0;
  const int code = ::posix_spawnp(&pid, command.front().c_str(), actions.get(), nullptr,
                                  arguments.data(), environ);
  if (code != 0) {
    throw_errno("run " + excerpt(command.front()), code);
  }
  return pid;
}

} // namespace

ProgramResult run_program(const std::vector<std::string>& command, std::string_view input) {
  const auto program = excerpt(command.front());
  Pipe output;
  Child child(start(command, make_input(input), output.write_end));
  output.write_end.close();
  const auto source = make_fd_source(std::move(output.read_end), program);
  ProgramResult result;
  result.output = read_text(*source, k_output_limit_bytes, "the output of " + program);
  const int status = child.wait();
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

} // namespace regctl
