// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "http/content_range.hpp"
#include "http/retry.hpp"

#include <regctl/http/challenge.hpp>
#include <regctl/http/link.hpp>
#include <regctl/http/url.hpp>

void fuzz(const std::string& input) {
  regctl::http::parse_challenges(input);
  regctl::http::find_next_page({{"Link", input}});
  regctl::http::parse_content_range(input);
  regctl::http::parse_retry_after(input, 0);
  const auto base = regctl::http::Url::parse("http://host:5000/a/b?c");
  const auto url = base.resolve(input);
  // What was resolved can be written and read again.
  if (!(regctl::http::Url::parse(url.to_string()) == url)) {
    __builtin_trap();
  }
}
