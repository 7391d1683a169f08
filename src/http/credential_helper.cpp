// SPDX-License-Identifier: Apache-2.0
#include "http/credential_helper.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

extern "C" char** environ; // NOLINT: POSIX wants it declared by the program

namespace regctl::http {

namespace {

constexpr std::uint64_t k_output_limit_bytes = 1024 * 1024;
/// The output of a helper without a credential, which then ends with status 1. Part of the
/// protocol.
constexpr std::string_view k_nothing_known = "credentials not found";

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

/// A running helper. The destructor ends one that has not been waited for.
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

  /// Waits for the end of the helper and returns its wait status. Throws Error{interrupted}: a
  /// helper may go on after it has closed its output.
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
  /// Ends the helper by SIGTERM, or by SIGKILL if it does not react. It is gone on return.
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

} // namespace

std::optional<Credential> read_helper_output(const HelperOutput& output,
                                             const CredentialHelper& helper) {
  if (output.text.find(k_nothing_known) != std::string::npos) {
    return std::nullopt;
  }
  if (output.exit_code != 0) {
    helper.fail("get",
                "ended with " + std::to_string(output.exit_code) + ": " +
                    excerpt(std::string_view(output.text).substr(0, output.text.find('\n'))));
  }
  const auto document = find_json(output.text); // the parser's own message would quote the secret
  if (!document) {
    helper.fail("get", "its output is not JSON");
  }
  Credential credential;
  credential.username = optional_string(*document, "Username").value_or("");
  const Secret secret(optional_string(*document, "Secret").value_or(""));
  // The protocol's user name for a secret that is an identity token.
  const bool is_token = credential.username == "<token>";
  (is_token ? credential.identity_token : credential.password) = secret;
  credential.origin = helper.program();
  if (secret.empty()) {
    return std::nullopt;
  }
  return credential;
}

HelperOutput CredentialHelper::run(const std::string& action, const std::string& input) const {
  Pipe to_helper;
  Pipe from_helper;
  SpawnActions actions;
  actions.redirect(to_helper.read_end, STDIN_FILENO);
  actions.redirect(from_helper.write_end, STDOUT_FILENO);
  auto program = program_;
  auto argument = action;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  ::pid_t pid = 0;
  if (const int code =
          ::posix_spawnp(&pid, program_.c_str(), actions.get(), nullptr, arguments, environ);
      code != 0) {
    fail(action, std::string("cannot be run: ") + std::strerror(code));
  }
  Child child(pid);
  to_helper.read_end.close();
  from_helper.write_end.close();
  HelperOutput output;
  try {
    write_fully(to_helper.write_end.get(), as_bytes(input), program_);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    // A helper may end without reading its input, for example if it is badly configured; its output
    // then says why.
  }
  to_helper.write_end.close();
  const auto source = make_fd_source(std::move(from_helper.read_end), program_);
  output.text = read_text(*source, k_output_limit_bytes, "the output of " + program_);
  const int status = child.wait();
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

void CredentialHelper::fail(const std::string& action, const std::string& why) const {
  throw Error(ErrorKind::denied, "credential helper " + program_ + " " + action + ": " + why,
              "check credHelpers and credsStore in Docker's config.json");
}

std::optional<Credential> CredentialHelper::get(const std::string& server) const {
  return read_helper_output(run("get", server), *this);
}

void CredentialHelper::store(const std::string& server, const Credential& credential) const {
  const Json document = {{"ServerURL", server},
                         {"Username", credential.username},
                         {"Secret", credential.password.reveal()}};
  const auto output = run("store", document.dump());
  if (output.exit_code != 0) {
    fail("store", "ended with " + std::to_string(output.exit_code));
  }
}

void CredentialHelper::erase(const std::string& server) const {
  const auto output = run("erase", server);
  if (output.exit_code != 0 && output.text.find(k_nothing_known) == std::string::npos) {
    fail("erase", "ended with " + std::to_string(output.exit_code));
  }
}

} // namespace regctl::http
