// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/progress.hpp>

#include <mutex>
#include <string>

namespace regctl::test {

/// Keeps the notes, one a line.
class Notes : public ops::SilentProgress {
public:
  void note(std::string_view sentence) override {
    const std::lock_guard lock(mutex);
    text += std::string(sentence) + "\n";
  }

  std::string text;

private:
  std::mutex mutex;
};

} // namespace regctl::test
