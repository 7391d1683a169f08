// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>

#include <string>

namespace regctl::ops {

/// The attempts at reading an object, to check it or to move it.
enum class ReadAttempt { first, second };

/// Returns `run(ReadAttempt::first)`. If that finds the object damaged (Error{integrity}), its
/// bytes may have changed on their way: `may_repeat()` is called, which makes the next attempt
/// possible, and `run(ReadAttempt::second)` is returned. The first error is thrown if
/// `may_repeat()` returns false.
template <class Run, class MayRepeat>
auto run_twice_if_damaged(const Run& run, const MayRepeat& may_repeat) {
  try {
    return run(ReadAttempt::first);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity || !may_repeat()) {
      throw;
    }
  }
  return run(ReadAttempt::second);
}

/// The note before a second attempt at moving `what` ("blob 0123456789ab").
inline std::string words_for_second_attempt(const std::string& what) {
  return what + " is not what was promised; moving it once more";
}

} // namespace regctl::ops
