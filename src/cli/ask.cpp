// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace regctl::cli {

namespace {

/// Switches a terminal's echo off for its lifetime. Not copyable, since it restores the echo once.
class SilentTerminal {
public:
  explicit SilentTerminal(int fd) : fd_(fd), is_changed_(::tcgetattr(fd, &before_) == 0) {
    if (is_changed_) {
      auto silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      silent.c_lflag |= ECHONL; // so that the cursor leaves the prompt's line
      ::tcsetattr(fd_, TCSAFLUSH, &silent);
    }
  }
  ~SilentTerminal() {
    if (is_changed_) {
      ::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

private:
  int fd_;
  struct termios before_ = {};
  bool is_changed_;
};

/// A line without its end; nothing if the input ends before any line end.
std::optional<std::string> read_line(int fd) {
  const auto source = make_fd_source(FileDescriptor(::dup(fd)), "the terminal");
  std::string line;
  std::byte byte{};
  while (source->read({&byte, 1}) == 1) {
    if (byte == std::byte{'\n'}) {
      return line;
    }
    line += static_cast<char>(byte);
  }
  return std::nullopt;
}

} // namespace

std::optional<std::string> ask_at_terminal(const std::string& prompt, Echo echo) {
  const FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return std::nullopt;
  }
  write_fully(terminal.get(), as_bytes(prompt), "the terminal");
  std::optional<SilentTerminal> silent;
  if (echo == Echo::off) {
    silent.emplace(terminal.get());
  }
  try {
    return read_line(terminal.get());
  } catch (const Error&) { // Ctrl-C: the next output starts on a new line
    [[maybe_unused]] const auto written = ::write(terminal.get(), "\n", 1);
    throw;
  }
}

} // namespace regctl::cli
