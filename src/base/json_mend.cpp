// SPDX-License-Identifier: Apache-2.0
#include "base/json_mend.hpp"

#include <regctl/base/visible.hpp>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

namespace regctl {

namespace {

constexpr std::size_t k_escape_bytes = 6; // "\\u12ab"

/// The UTF-16 code that `text` begins with as "\u12ab"; nothing if it begins otherwise.
std::optional<std::uint16_t> read_escape(std::string_view text) {
  if (text.size() < k_escape_bytes || !text.starts_with("\\u")) {
    return std::nullopt;
  }
  std::uint16_t code = 0;
  const char* end = text.data() + k_escape_bytes;
  const auto result = std::from_chars(text.data() + 2, end, code, 16);
  return result.ec == std::errc() && result.ptr == end ? std::optional(code) : std::nullopt;
}

bool is_high_surrogate(std::uint16_t code) {
  return code >= 0xd800 && code <= 0xdbff;
}

bool is_low_surrogate(std::uint16_t code) {
  return code >= 0xdc00 && code <= 0xdfff;
}

/// Whether a number is too large for strtod. Malformed numbers stay as they are: the parser refuses
/// them.
bool is_beyond_double(std::string_view token) {
  constexpr std::size_t k_most_digits = 308; // of a number that is certainly in range
  if (token.size() <= k_most_digits && token.find_first_of("eE") == std::string_view::npos) {
    return false;
  }
  const std::string text(token);
  char* end = nullptr;
  return std::isinf(std::strtod(text.c_str(), &end)) && *end == '\0';
}

class Mender {
public:
  explicit Mender(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    while (at_ < text_.size()) {
      step();
    }
    if (copied_ == 0) {
      return std::nullopt;
    }
    mended_ += text_.substr(copied_);
    return std::move(mended_);
  }

private:
  void step() {
    const char c = text_[at_];
    if (c == '"') {
      in_string_ = !in_string_;
      ++at_;
    } else if (!in_string_) {
      c == '-' || (c >= '0' && c <= '9') ? step_over_number() : void(++at_);
    } else if (c == '\\') {
      step_over_escape();
    } else if (static_cast<unsigned char>(c) < 0x80) {
      ++at_;
    } else if (const auto bytes = first_character(text_.substr(at_)).bytes; bytes > 0) {
      at_ += bytes;
    } else {
      replace(1, "\xef\xbf\xbd");
    }
  }

  void step_over_number() {
    const auto end = text_.find_first_not_of("+-.0123456789eE", at_);
    const auto token = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    if (is_beyond_double(token)) {
      replace(token.size(), "null");
    } else {
      at_ += token.size();
    }
  }

  void step_over_escape() {
    const auto code = read_escape(text_.substr(at_));
    if (!code) {
      at_ += 2; // a backslash and the escaped character
      return;
    }
    const auto next = read_escape(text_.substr(at_ + k_escape_bytes));
    if (is_high_surrogate(*code) && next && is_low_surrogate(*next)) {
      at_ += 2 * k_escape_bytes;
    } else if (is_high_surrogate(*code) || is_low_surrogate(*code)) {
      replace(k_escape_bytes, "\\ufffd");
    } else {
      at_ += k_escape_bytes;
    }
  }

  void replace(std::size_t bytes, std::string_view by) {
    mended_ += text_.substr(copied_, at_ - copied_);
    mended_ += by;
    at_ += bytes;
    copied_ = at_;
  }

  std::string_view text_;
  std::string mended_;
  std::size_t copied_ = 0; ///< how much of the text is in `mended_`
  std::size_t at_ = 0;
  bool in_string_ = false;
};

} // namespace

std::optional<std::string> mend_json(std::string_view text) {
  return Mender(text).run();
}

} // namespace regctl
