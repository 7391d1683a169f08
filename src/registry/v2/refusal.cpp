// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <algorithm>
#include <utility>

namespace regctl::registry::v2 {

namespace {

constexpr std::uint64_t k_body_limit_bytes = 64 * 1024;

} // namespace

std::vector<std::string> read_codes(http::Response& response) {
  std::string body;
  try {
    body = http::read_body(response, k_body_limit_bytes);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    // A truncated or too long page has no codes; the status says enough.
  }
  std::vector<std::string> codes;
  const auto document = find_json(body).value_or(Json());
  if (const auto* errors = find_member(document, "errors"); errors && errors->is_array()) {
    for (const auto& error : *errors) {
      if (auto code = optional_string(error, "code")) {
        codes.push_back(std::move(*code));
      }
    }
  }
  response.body = make_text_source(std::move(body));
  return codes;
}

bool has_code(const std::vector<std::string>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

} // namespace regctl::registry::v2
