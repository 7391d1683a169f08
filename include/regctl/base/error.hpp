// SPDX-License-Identifier: Apache-2.0
#pragma once

// base/: errors, streams, hashing, compression, tar, files, threads. It knows nothing of
// registries or images; everything above may use it, and it uses only the standard library and
// the libraries it owns (libcrypto, zlib, ISA-L, libbz2, liblzma, libzstd, nlohmann/json,
// yaml-cpp, RE2).

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace regctl {

/// What a caller, and in the end a script, can act on. Each kind has one exit code (cli/exit_code).
enum class ErrorKind {
  usage,       ///< the command line or a configuration file is wrong
  not_found,   ///< the named tag, repository, image or input file does not exist
  denied,      ///< 401 or 403 after credentials were tried
  unavailable, ///< DNS, connect, TLS, time-out, 429, 5xx: a later try may succeed
  protocol,    ///< the peer or a file breaks its format
  integrity,   ///< bytes, size or checksum are not what was promised
  local_io,    ///< disk full, permission, broken output
  unsupported, ///< understood, but this peer or this version cannot do it
  interrupted, ///< SIGINT or SIGTERM
};

/// The only exception type thrown on purpose. A message is one sentence without a final period:
/// what failed, on what, why. Frames name the work in progress, innermost first. The hint, if any,
/// tells the user how to go on. Never a base class: the kind is all that callers may tell apart.
class Error : public std::exception {
public:
  Error(ErrorKind kind, std::string message, std::string hint = {});

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] const std::vector<std::string>& frames() const noexcept { return frames_; }

  /// The message and one line "  while FRAME" for each frame, without the hint.
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

  /// Adds the work during which the error happened, as in "reading layer 3 of 7".
  void add_frame(std::string frame);

private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  std::vector<std::string> frames_;
  std::string what_;
};

/// Calls `body` and returns its result. An Error that leaves `body` gets the frame `describe()`,
/// which is called only then.
template <class Describe, class Body>
auto in_context(Describe&& describe, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_frame(std::forward<Describe>(describe)());
    throw;
  }
}

/// Rethrows `exception`. An Error is copied first, so that several threads can add frames.
[[noreturn]] void rethrow_copy(const std::exception_ptr& exception);

/// Throws Error{local_io} "cannot ACTION: REASON" with the text of `errno_value`. ENOENT becomes
/// not_found; ENOSPC and EDQUOT get a hint.
[[noreturn]] void throw_errno(const std::string& action, int errno_value);

} // namespace regctl
