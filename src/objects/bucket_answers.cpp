// SPDX-License-Identifier: Apache-2.0
#include "objects/fields.hpp"
#include "objects/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/objects/bucket.hpp>

#include <utility>

namespace regctl::objects {

namespace {

/// The Error{unavailable} that `body` throws, or nothing.
template <class Body> std::optional<Error> passing_failure(Body&& body) {
  try {
    std::forward<Body>(body)();
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unavailable) {
      throw;
    }
    return error;
  }
}

} // namespace

void Bucket::repeat(const std::function<std::optional<Error>()>& attempt) {
  for (unsigned failures = 1;; ++failures) {
    const auto error = attempt();
    if (!error) {
      return;
    }
    transport_.pause_or_throw(in_bucket(*error, describe()), failures);
  }
}

std::optional<Bucket::Content> Bucket::read_with_etag(const std::string& key,
                                                      std::uint64_t limit_bytes) {
  std::optional<Content> content;
  repeat([&] {
    auto response = ask({.key = key}, key, {404});
    if (response.status == 404) {
      content.reset();
      forgive_missing(response, describe());
      return std::optional<Error>();
    }
    content = Content{unquoted(response.headers.find("ETag").value_or("")), {}};
    const auto size_bytes =
        parse_whole_number<std::uint64_t>(response.headers.find("Content-Length").value_or(""));
    if (!size_bytes || *size_bytes > limit_bytes) {
      return std::optional<Error>();
    }
    return passing_failure(
        [&] { content->text = read_text(*response.body, limit_bytes, describe(key)); });
  });
  return content;
}

http::Response Bucket::ask_whole(const Wanted& wanted, std::string_view about,
                                 std::uint64_t limit_bytes, std::initializer_list<int> also) {
  http::Response whole;
  repeat([&] {
    auto response = ask(wanted, about, also);
    return passing_failure([&] {
      if (http::is_success(response.status)) {
        auto text = read_text(*response.body, limit_bytes, describe(about));
        response.body = make_text_source(std::move(text));
      }
      whole = std::move(response);
    });
  });
  return whole;
}

void Bucket::ask_xml(const Wanted& wanted, std::string_view about, std::string_view root,
                     const OnElement& on_element) {
  repeat([&] {
    auto response = ask_whole(wanted, about, k_listing_limit_bytes);
    return read_answer(response, root, describe(about), on_element);
  });
}

} // namespace regctl::objects
