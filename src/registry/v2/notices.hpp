// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/limited_map.hpp>
#include <regctl/http/message.hpp>
#include <regctl/http/transport.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::registry::v2 {

/// Passes on what a registry tells its users in headers, each sentence once: `Warning: 299 -
/// "text"` (distribution-spec 1.1, "Warnings"), and a rate limit that is used up
/// (`ratelimit-remaining: 0`, as Docker Hub sends it; `RateLimit-Remaining` of others).
/// Thread-safe.
class Notices {
public:
  Notices(http::Transport& transport, std::string host);

  void read(const http::Response& response);

  /// Notes a sentence for the user, the first time.
  void tell(const std::string& sentence);

private:
  http::Transport& transport_;
  const std::string host_;
  std::mutex mutex_; ///< guards told_
  LimitedSet told_;
};

/// The text of a Warning header with the code 299; nothing for any other.
std::optional<std::string> warning_text(std::string_view value);

} // namespace regctl::registry::v2
