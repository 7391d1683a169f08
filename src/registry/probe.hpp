// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/credentials.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/http/url.hpp>
#include <regctl/registry/v1/registry.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry {

/// The paths that tell whether a host speaks a protocol.
inline constexpr std::string_view k_v1_ping = "/v1/_ping";
inline constexpr std::string_view k_v2_ping = "/v2/";

/// Asks one host which protocols it speaks. Used by one thread.
class Probe {
public:
  /// The arguments must outlive this. The credential is for a proxy that guards the pings.
  Probe(http::Transport& transport, const std::string& host,
        const std::optional<http::Credential>& credential)
      : transport_(transport), host_(host), credential_(credential) {}

  /// Scheme, host and port that are asked.
  [[nodiscard]] const http::Url& base() const noexcept { return base_; }

  /// Sets base() to the first of the schemes by which the host answers HTTP, asked for `ping`.
  void choose_scheme(const std::vector<std::string>& schemes, std::string_view target);

  /// The answer to the v1 ping; nothing if the host answers but does not speak v1. Throws
  /// Error{denied}, Error{unavailable}.
  /// The first versions of docker-registry answer at another path, which is asked too unless it
  /// matters little.
  enum class OldPath { ask, leave };
  std::optional<v1::Ping> ask_v1(OldPath old_path = OldPath::ask);

  /// Whether the host speaks v2: it names the protocol in a header, answers JSON, or wants
  /// credentials. Throws Error{unavailable} if the host cannot answer now.
  bool ask_v2();

  /// The same by one attempt, for a host that may speak v1 instead: nothing if it cannot answer, as
  /// servers do that know no such path.
  std::optional<bool> try_v2();

  /// Whether the v2 ping was answered by a guard that may stand before any kind of server: 401 that
  /// wants Basic and names no protocol. ask_v2() takes such a host to speak v2.
  [[nodiscard]] bool is_v2_guarded() const noexcept { return is_v2_guarded_; }

private:
  [[nodiscard]] http::Request ping(std::string_view target) const;
  http::Response ask(std::string_view target);
  [[nodiscard]] bool has_answer(std::string_view target) const noexcept;
  http::Response take_answer();
  bool is_v2_answer(http::Response& response);
  /// Throws Error{unavailable} if the answer, which is neither success nor 401, says nothing about
  /// the protocol.
  void refuse_silent(http::Response& response) const;

  http::Transport& transport_;
  const std::string& host_;
  const std::optional<http::Credential>& credential_;
  http::Url base_;
  bool is_v2_guarded_ = false;
  std::string answered_ping_;            ///< the ping that chose the scheme
  std::optional<http::Response> answer_; ///< to that
};

} // namespace regctl::registry
