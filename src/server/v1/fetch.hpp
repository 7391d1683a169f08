// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/base/stream.hpp>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace regctl::server {

/// A layer that one thread fetches and writes and any number of others read as it grows. The last
/// bytes are held back until the whole has been verified. Thread-safe.
class Fetch : public std::enable_shared_from_this<Fetch> {
public:
  explicit Fetch(std::string id) : id_(std::move(id)) {}

  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// The layer is being written, and the size known, if the source tells it. `written` opens what
  /// was written so far.
  void start(OpenSource written, std::optional<std::uint64_t> size_bytes);
  void advance(std::uint64_t written_bytes);
  void succeed();
  void fail(std::exception_ptr reason) noexcept;

  /// Waits until there is something to be sent: more than is held back, or the whole. Then
  /// size_bytes() is known. Throws what fail() was given, and as `request`'s check_wanted() does.
  void wait_for_bytes(const Request& request);
  /// Waits for the whole. Throws likewise.
  void wait_for_end(const Request& request);
  [[nodiscard]] std::optional<std::uint64_t> size_bytes() const;

  /// The bytes from the first on; reading waits for them, and throws if the fetch fails.
  std::unique_ptr<Source> open();

private:
  class Reader;
  template <class IsOver> void wait_for(const Request& request, IsOver&& is_over);

  std::string id_;
  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  OpenSource written_;
  std::optional<std::uint64_t> size_bytes_;
  std::uint64_t written_bytes_ = 0;
  bool is_complete_ = false;
  std::exception_ptr failure_;
};

} // namespace regctl::server
