// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/hash.hpp>
#include <regctl/base/text.hpp>
#include <regctl/http/aws_signer.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

namespace regctl::http {

namespace {

constexpr std::string_view k_algorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t k_date_size = 8; // of "20130524T000000Z"

/// "20130524T000000Z".
std::string print_time(AwsSigner::Time time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

/// The Host field as the client sends it.
std::string host_of(const Url& url) {
  return url.origin().substr(url.scheme.size() + 3); // "://"
}

/// The fields that a signature covers, by name in lower case.
using Fields = std::map<std::string, std::string>;

/// "host;x-amz-date".
std::string names_of(const Fields& fields) {
  std::string names;
  for (const auto& [name, value] : fields) {
    names += names.empty() ? "" : ";";
    names += name;
  }
  return names;
}

/// A value as it is signed: without spaces around it, and one space for several.
std::string canonical_value(std::string_view value) {
  std::string result;
  for (const char c : value) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) {
      result += c;
    }
  }
  if (result.ends_with(' ')) {
    result.pop_back();
  }
  return result;
}

/// The text of a request that is signed.
std::string canonical_request(Method method, const Url& url, const Fields& fields,
                              std::string_view payload_sha256) {
  const auto question = std::min(url.target.find('?'), url.target.size());
  std::string text(to_string(method));
  text += '\n';
  text += std::string_view(url.target).substr(0, question);
  text += '\n';
  text += std::string_view(url.target).substr(std::min(question + 1, url.target.size()));
  text += '\n';
  for (const auto& [name, value] : fields) {
    text += name;
    text += ':';
    text += canonical_value(value);
    text += '\n';
  }
  text += '\n';
  text += names_of(fields);
  text += '\n';
  text += payload_sha256;
  return text;
}

/// "name=value", encoded, sorted.
std::vector<std::string> encoded_parts(const AwsQuery& query) {
  std::vector<std::string> parts;
  parts.reserve(query.size());
  for (const auto& [name, value] : query) {
    parts.push_back(percent_encode(name) + "=" + percent_encode(value));
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

/// "?a=1&b=2", or "".
std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    text += text.empty() ? '?' : '&';
    text += part;
  }
  return text;
}

} // namespace

std::string aws_path(std::string_view key) {
  std::string path;
  for (;;) {
    const auto slash = std::min(key.find('/'), key.size());
    path += '/';
    path += percent_encode(key.substr(0, slash));
    if (slash == key.size()) {
      return path;
    }
    key.remove_prefix(slash + 1);
  }
}

std::string aws_query(const AwsQuery& query) {
  return join(encoded_parts(query));
}

AwsSigner::AwsSigner(AwsKey key, std::string region, std::string service)
    : key_(std::move(key)), region_(std::move(region)), service_(std::move(service)) {}

std::string AwsSigner::scope(std::string_view date) const {
  return std::string(date) + "/" + region_ + "/" + service_ + "/aws4_request";
}

std::string AwsSigner::signature(std::string_view time, std::string_view canonical) const {
  const auto date = time.substr(0, k_date_size);
  auto key = hmac_sha256("AWS4" + key_.secret.reveal(), date);
  for (const std::string_view part :
       {std::string_view(region_), std::string_view(service_), std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  return hmac_sha256_hex(key, std::string(k_algorithm) + "\n" + std::string(time) + "\n" +
                                  scope(date) + "\n" + sha256_hex(canonical));
}

void AwsSigner::sign(Request& request, std::string_view payload_sha256, Time now) const {
  const auto time = print_time(now);
  request.headers.add("x-amz-content-sha256", std::string(payload_sha256));
  request.headers.add("x-amz-date", time);
  if (!key_.session_token.empty()) {
    request.headers.add("x-amz-security-token", key_.session_token.reveal());
  }
  Fields fields = {{"host", host_of(request.url)}};
  for (const auto& [name, value] : request.headers.fields()) {
    fields[lower(name)] = value;
  }
  const auto canonical = canonical_request(request.method, request.url, fields, payload_sha256);
  request.authorization =
      Secret(std::string(k_algorithm) + " Credential=" + key_.id + "/" +
             scope(std::string_view(time).substr(0, k_date_size)) +
             ",SignedHeaders=" + names_of(fields) + ",Signature=" + signature(time, canonical));
}

Url AwsSigner::presign(Method method, Url url, std::chrono::seconds valid_for, Time now) const {
  const auto time = print_time(now);
  AwsQuery query = {
      {"X-Amz-Algorithm", std::string(k_algorithm)},
      {"X-Amz-Credential", key_.id + "/" + scope(std::string_view(time).substr(0, k_date_size))},
      {"X-Amz-Date", time},
      {"X-Amz-Expires", std::to_string(valid_for.count())},
      {"X-Amz-SignedHeaders", "host"}};
  if (!key_.session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", key_.session_token.reveal());
  }
  // The parts that the URL has are encoded already, and take their places among the others.
  auto parts = encoded_parts(query);
  const auto question = std::min(url.target.find('?'), url.target.size());
  for (const auto part : split(std::string_view(url.target).substr(question), '&')) {
    if (!part.empty()) {
      parts.emplace_back(part.substr(part.starts_with('?') ? 1 : 0));
    }
  }
  std::sort(parts.begin(), parts.end());
  url.target.resize(question);
  url.target += join(parts);
  const auto canonical =
      canonical_request(method, url, {{"host", host_of(url)}}, k_unsigned_payload);
  url.target += "&X-Amz-Signature=" + signature(time, canonical);
  return url;
}

} // namespace regctl::http
