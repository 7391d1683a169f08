// SPDX-License-Identifier: Apache-2.0
#include "cli/password.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <optional>

namespace regctl::cli {

namespace {

constexpr std::size_t k_line_limit = 64 * 1024;

/// A line from `fd` without its end; nothing at the end of input. Waits interruptibly.
std::optional<std::string> read_line(int fd) {
  std::string line;
  for (;;) {
    struct pollfd waited[2] = {{fd, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
    ::poll(waited, 2, -1);
    check_interrupted();
    char c = 0;
    const auto n = ::read(fd, &c, 1);
    if (n <= 0 && line.empty()) {
      return std::nullopt;
    }
    if (n <= 0 || c == '\n') {
      break;
    }
    line += c;
    if (line.size() > k_line_limit) {
      throw Error(ErrorKind::usage, "a line of input is too long");
    }
  }
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return line;
}

/// The terminal, whatever stdin and stdout are.
class Terminal {
public:
  explicit Terminal(const std::string& hint) : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (!fd_) {
      throw Error(ErrorKind::usage, "there is no terminal to ask on", hint);
    }
  }

  std::string ask(const std::string& prompt) {
    write_fully(fd_.get(), as_bytes(prompt), "the terminal");
    return read_line(fd_.get()).value_or("");
  }

  std::string ask_hidden(const std::string& prompt) {
    const Echo off(fd_.get());
    auto answer = ask(prompt);
    write_fully(fd_.get(), as_bytes("\n"), "the terminal");
    return answer;
  }

private:
  /// No echo while it lives.
  class Echo {
  public:
    explicit Echo(int fd) : fd_(fd) {
      ::tcgetattr(fd_, &before_);
      auto hidden = before_;
      hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      ::tcsetattr(fd_, TCSAFLUSH, &hidden);
    }
    ~Echo() { ::tcsetattr(fd_, TCSAFLUSH, &before_); }
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

  private:
    int fd_;
    struct termios before_ = {};
  };

  FileDescriptor fd_;
};

} // namespace

http::Secret read_password_from_stdin() {
  auto line = read_line(STDIN_FILENO);
  if (!line || line->empty()) {
    throw Error(ErrorKind::usage, "there is no password on stdin",
                "as in: regctl login HOST -u USER --password-stdin < FILE");
  }
  return http::Secret(std::move(*line));
}

http::Secret ask_for_password(const std::string& username) {
  Terminal terminal("give the password with --password-stdin, or in REGCTL_PASSWORD");
  return http::Secret(terminal.ask_hidden("Password of " + username + ": "));
}

std::string ask_for_username() {
  return Terminal("name the user with --username").ask("Username: ");
}

bool confirm(const std::string& question, const std::string& hint) {
  const auto answer = Terminal(hint).ask(question + " [y/N] ");
  return answer == "y" || answer == "Y" || answer == "yes";
}

} // namespace regctl::cli
