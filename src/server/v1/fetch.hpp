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

/// A layer that one thread fetches and writes, while any number of other threads read it. The last
/// bytes are held back until the whole layer has been verified. Thread-safe.
class Fetch : public std::enable_shared_from_this<Fetch> {
public:
  explicit Fetch(std::string id) : id_(std::move(id)) {}

  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// The layer is being written. `size_bytes` is its size if the source tells it. `written` opens
  /// the bytes that have been written.
  void start(OpenSource written, std::optional<std::uint64_t> size_bytes);
  void advance(std::uint64_t written_bytes);
  void succeed();
  void fail(std::exception_ptr reason) noexcept;

  /// Waits until a first part can be sent: more bytes than are held back, or the whole layer. From
  /// then on size_bytes() is known. Throws the reason given to fail(), and like `request`'s
  /// check_wanted().
  void wait_for_bytes(const Request& request);
  /// Waits for the whole layer. Throws likewise.
  void wait_for_end(const Request& request);
  [[nodiscard]] std::optional<std::uint64_t> size_bytes() const;

  /// Opens the layer from its first byte. Reading waits for the bytes, and throws if the fetch
  /// fails.
  std::unique_ptr<Source> open();

private:
  class Reader;
  template <class IsOver> void wait_for(const Request& request, IsOver&& is_over);

  std::string id_;
  mutable std::mutex mutex_; ///< guards the members below
  std::condition_variable changed_;
  OpenSource written_;
  std::optional<std::uint64_t> size_bytes_;
  std::uint64_t written_bytes_ = 0;
  bool is_complete_ = false;
  std::exception_ptr failure_;
};

} // namespace regctl::server
