// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/http/message.hpp>
#include <regctl/http/secret.hpp>
#include <regctl/http/url.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::http {

/// A key of Amazon's, or of a server that speaks its protocols.
struct AwsKey {
  std::string id; ///< "AKIA…", which is no secret
  Secret secret;
  Secret session_token; ///< of temporary keys; empty for others
};

/// The path of an object as it is signed and sent: "/" and `key` with each byte percent-encoded
/// that is neither unreserved (RFC 3986) nor '/'.
std::string aws_path(std::string_view key);

/// Names and values of a query; a name without a value has "".
using AwsQuery = std::vector<std::pair<std::string, std::string>>;

/// The query as it is signed and sent: percent-encoded, sorted, each name with '='; with the '?'
/// before it, or "" for an empty query.
std::string aws_query(const AwsQuery& query);

/// For the payload of a request by https, which proves it by itself.
inline constexpr std::string_view k_unsigned_payload = "UNSIGNED-PAYLOAD";

/// Signs requests with Amazon's Signature Version 4. Our own, because libcurl 7.88 presigns no URLs
/// and signs header fields that it does not send. Immutable; thread-safe. Source: Amazon S3 API
/// Reference, "Authenticating Requests (AWS Signature Version 4)".
class AwsSigner {
public:
  using Time = std::chrono::system_clock::time_point;

  /// `region` is "us-east-1", or what else the server calls its own.
  AwsSigner(AwsKey key, std::string region, std::string service = "s3");

  [[nodiscard]] const std::string& region() const noexcept { return region_; }

  /// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token where there is one, and the
  /// authorization, which covers the method, `url` and all header fields that are there. The target
  /// of `url` must consist of aws_path() and aws_query(). `payload_sha256` is 64 hex digits of the
  /// body, or k_unsigned_payload. A signature is good for 15 minutes: each attempt needs another.
  void sign(Request& request, std::string_view payload_sha256, Time now) const;

  /// A URL that lets anybody do `method` without a key, for `valid_for` (at most 7 days). `url` is
  /// as for sign().
  [[nodiscard]] Url presign(Method method, Url url, std::chrono::seconds valid_for, Time now) const;

private:
  [[nodiscard]] std::string scope(std::string_view date) const;
  [[nodiscard]] std::string signature(std::string_view time, std::string_view canonical) const;

  AwsKey key_;
  std::string region_;
  std::string service_;
};

} // namespace regctl::http
