// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "registry/v2/challenge.hpp"
#include "registry/v2/notices.hpp"
#include "registry/v2/pages.hpp"
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>
#include <regctl/http/rate_limit.hpp>

#include <chrono>

void fuzz(const std::string& input) {
  using namespace regctl;
  using namespace regctl::registry::v2;
  choose_challenge({{"WWW-Authenticate", input}});
  warning_text(input);
  http::Headers limited;
  for (const auto* name : {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}) {
    limited.add(name, input);
  }
  const auto limit = http::read_rate_limit(limited, 1'400'000'000);
  if (limit && limit->renewed_in && *limit->renewed_in > std::chrono::hours(24 * 366 * 100)) {
    __builtin_trap();
  }
  try {
    read_names(input, "tags", "a page");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      __builtin_trap();
    }
  }
  http::Response response;
  response.url = http::Url::parse("http://host:5000/");
  response.body = make_text_source(input);
  read_codes(response);
  if (input.size() < 1000 && http::read_body(response, input.size()) != input) {
    __builtin_trap(); // the body must be there for the message
  }
}
