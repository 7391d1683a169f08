// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/notices.hpp"

#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/http/rate_limit.hpp>

#include <ctime>
#include <utility>

namespace regctl::registry::v2 {

namespace {

constexpr std::size_t k_most_sentences = 100;

} // namespace

std::optional<std::string> warning_text(std::string_view value) {
  value = trim(value);
  if (!value.starts_with("299 ")) {
    return std::nullopt;
  }
  const auto begin = value.find('"');
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  std::string text;
  for (auto at = begin + 1; at < value.size() && value[at] != '"'; ++at) {
    at += value[at] == '\\' && at + 1 < value.size() ? 1 : 0;
    text += value[at];
  }
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Notices::Notices(http::Transport& transport, std::string host)
    : transport_(transport), host_(std::move(host)), told_(k_most_sentences) {}

void Notices::read(const http::Response& response) {
  for (const auto& value : response.headers.all("Warning")) {
    if (const auto text = warning_text(value)) {
      tell(host_ + " warns: " + excerpt(*text));
    }
  }
  const auto left = http::read_rate_limit(response.headers, std::time(nullptr));
  if (left && left->remaining == 0) {
    const auto limit = response.headers.find("RateLimit-Limit");
    tell("the rate limit of " + host_ + " is used up" +
         (limit ? " (" + excerpt(*limit) + ")" : "") +
         ": it may refuse requests for manifests until the time is over");
  }
}

void Notices::tell(const std::string& sentence) {
  {
    const std::lock_guard lock(mutex_);
    if (!told_.insert(sentence)) {
      return;
    }
  }
  transport_.note(sentence);
}

} // namespace regctl::registry::v2
