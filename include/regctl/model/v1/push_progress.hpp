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

/// How far the images of one push have got, for the threads of V1Push::put_image that wait for
/// their parents. Thread-safe.
class PushProgress {
public:
  enum class Stage { waiting, json_there, complete }; ///< each includes the ones before

  explicit PushProgress(const std::vector<std::string>& ids);

  void advance(const std::string& id, Stage stage);

  /// Waits until `id` has got to `stage`; not for what is no image of this push. Throws the reason
  /// for which the push was abandoned.
  void wait_for(const std::optional<std::string>& id, Stage stage);

  /// Wakes all who wait, now and later: V1Push::abandon(). The first reason stays.
  void abandon(std::exception_ptr reason) noexcept;

private:
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::map<std::string, Stage> stages_;
  std::exception_ptr failure_;
};

} // namespace regctl
