// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/http/message.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>

namespace regctl::http {

namespace {

constexpr std::uint64_t k_discard_limit_bytes = 256 * 1024;

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

void Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

std::optional<std::string> Headers::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Header& field) {
    return is_same_name(field.name, name);
  });
  return found == fields_.end() ? std::nullopt : std::optional(found->value);
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& field : fields_) {
    if (is_same_name(field.name, name)) {
      values.push_back(field.value);
    }
  }
  return values;
}

std::string_view to_string(Method method) noexcept {
  switch (method) {
  case Method::get:
    return "GET";
  case Method::head:
    return "HEAD";
  case Method::put:
    return "PUT";
  case Method::post:
    return "POST";
  case Method::patch:
    return "PATCH";
  case Method::remove:
    return "DELETE";
  }
  return "GET";
}

Body text_body(std::string text) {
  const auto size = text.size();
  return {[text = std::move(text)] { return make_text_source(text); }, size};
}

Body view_body(std::string_view text) {
  return {[text] { return make_view_source(text); }, text.size()};
}

std::string read_body(Response& response, std::uint64_t limit_bytes) {
  return read_text(*response.body, limit_bytes, "the answer of " + response.url.redacted());
}

void discard_body(Response& response) noexcept {
  if (!response.body) {
    return;
  }
  const auto length =
      parse_whole_number<std::uint64_t>(response.headers.find("Content-Length").value_or(""));
  try {
    std::vector<std::byte> buffer(16 * 1024);
    std::uint64_t dropped = 0;
    while (length.value_or(0) <= k_discard_limit_bytes && dropped <= k_discard_limit_bytes) {
      const auto n = response.body->read(buffer);
      if (n == 0) {
        break;
      }
      dropped += n;
    }
  } catch (const std::exception&) {
    // A cut body needs no dropping, and the next request notices an interruption.
  }
  response.body.reset();
}

} // namespace regctl::http
