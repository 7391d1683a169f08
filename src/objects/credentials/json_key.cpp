// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/json_key.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/time.hpp>
#include <regctl/base/visible.hpp>

namespace regctl::objects {

namespace {

/// Agents and metadata services answer 200 with a code when they have no key to give.
void check_code(const Json& document, const std::string& what) {
  const auto code = optional_string(document, "Code").value_or("Success");
  if (code != "Success") {
    const auto message = optional_string(document, "Message");
    throw Error(ErrorKind::denied, what + " gives no key: " + excerpt(code) +
                                       (message ? " (" + excerpt(*message) + ")" : ""));
  }
}

} // namespace

Time parse_end(std::string_view text, const std::string& what) {
  const auto seconds = parse_rfc3339(text);
  if (!seconds) {
    throw Error(ErrorKind::protocol, what + " has an end that is no time");
  }
  return std::chrono::system_clock::from_time_t(*seconds);
}

FoundKey parse_json_key(std::string_view text, std::string_view token_name,
                        const std::string& what) {
  const auto document = find_json(text); // parse_json() would quote the text
  if (!document || !document->is_object()) {
    throw Error(ErrorKind::protocol, what + " is no JSON object");
  }
  check_code(*document, what);
  FoundKey found;
  found.key.id = required_string(*document, "AccessKeyId", what);
  found.key.secret = http::Secret(required_string(*document, "SecretAccessKey", what));
  found.key.session_token = http::Secret(optional_string(*document, token_name).value_or(""));
  if (const auto end = optional_string(*document, "Expiration")) {
    found.ends = parse_end(*end, what);
  }
  found.origin = what;
  return found;
}

} // namespace regctl::objects
