// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// The progress of the images of one push. Threads in V1Push::put_image wait here for the parents
/// of their images. Thread-safe.
class PushProgress {
public:
  enum class Stage { waiting, json_there, complete }; ///< each includes the ones before

  explicit PushProgress(const std::vector<std::string>& ids);

  void advance(const std::string& id, Stage stage);

  /// Waits until `id` has reached `stage`. Returns at once for an ID that is not part of this push.
  /// Throws the reason if the push was abandoned.
  void wait_for(const std::optional<std::string>& id, Stage stage);

  /// Wakes all waiting threads, for V1Push::abandon(); later calls of wait_for() throw too. The
  /// first reason stays.
  void abandon(std::exception_ptr reason) noexcept;

private:
  std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  std::map<std::string, Stage> stages_;
  std::exception_ptr failure_;
};

} // namespace regctl
