// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "registry/v2/challenge.hpp"
#include "registry/v2/notices.hpp"
#include "registry/v2/pages.hpp"
#include "registry/v2/refusal.hpp"

#include <regctl/base/error.hpp>

void fuzz(const std::string& input) {
  using namespace regctl;
  using namespace regctl::registry::v2;
  choose_challenge({{"WWW-Authenticate", input}});
  warning_text(input);
  rate_limit_value(input);
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
