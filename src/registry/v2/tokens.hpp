// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/v2/challenge.hpp"

#include <regctl/base/limited_map.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/transport.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace regctl::registry::v2 {

/// A Bearer token. The flags are facts that threads share about it.
struct Token {
  using Clock = std::chrono::steady_clock;

  Token(http::Secret value, Clock::time_point end)
      : authorization(std::move(value)), renew_at(end) {}

  const http::Secret authorization; ///< value of the Authorization header
  const Clock::time_point renew_at; ///< a little before it expires
  std::atomic<bool> is_refused = false;
  std::atomic<bool> was_accepted = false;
};

/// Fetches tokens from the services that a registry names, and remembers them by service, user and
/// scopes. One thread fetches a token for all that want the same one. The service may be at another
/// host; it gets the credential of the registry by https only, unless the registry itself is plain
/// http, and never along a redirect to another origin. Thread-safe.
/// Source: distribution 2.8.2, docs/spec/auth/{token,oauth}.md.
class TokenClient {
public:
  /// `transport` must outlive this. `now` is a seam for tests.
  TokenClient(http::Transport& transport, http::Url registry, std::string host,
              std::function<Token::Clock::time_point()> now = &Token::Clock::now);

  /// A token that has neither been refused nor is about to expire. Without a credential it is an
  /// anonymous one. It need not allow all of `scopes`. Throws Error{denied} if the service refuses
  /// the credential, or wants one; Error{protocol} for a realm that must not be asked, and for an
  /// answer without a token.
  std::shared_ptr<Token> get(const Demand& demand, const Scopes& scopes,
                             const std::optional<http::Credential>& credential);

  /// The token that get() would return without a request; null if there is none, or another thread
  /// is fetching it.
  std::shared_ptr<Token> find(const Demand& demand, const Scopes& scopes,
                              const std::optional<http::Credential>& credential);

private:
  struct Slot;
  std::shared_ptr<Slot> slot(const Demand& demand, const Scopes& scopes,
                             const std::optional<http::Credential>& credential);
  bool is_good(const Slot& slot) const;
  std::shared_ptr<Token> fetch(const Demand& demand, const Scopes& scopes,
                               const std::optional<http::Credential>& credential);
  std::shared_ptr<Token> read_token(http::Response& response) const;
  http::Response ask(const http::Request& wanted);
  [[noreturn]] void refuse(http::Response& response,
                           const std::optional<http::Credential>& credential) const;

  http::Transport& transport_;
  const http::Url registry_;
  const std::string host_;
  const std::function<Token::Clock::time_point()> now_;
  std::mutex mutex_; ///< guards slots_
  LimitedMap<std::shared_ptr<Slot>> slots_;
};

} // namespace regctl::registry::v2
