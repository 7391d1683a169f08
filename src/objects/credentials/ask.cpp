// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/ask.hpp"

#include <regctl/base/interrupt.hpp>

#include <algorithm>
#include <utility>

namespace regctl::objects {

namespace {

constexpr unsigned k_retries = 2;

/// Whether the same request may get another answer later.
bool may_pass(const http::Transport::Attempt& attempt) {
  return attempt.response ? attempt.response->status == 429 || attempt.response->status >= 500
                          : attempt.error->kind() == ErrorKind::unavailable;
}

} // namespace

http::Response ask(http::Transport& transport, const http::Request& request) {
  const auto most = std::min(k_retries, transport.options().retries);
  auto pause = transport.options().retry_delay;
  for (unsigned retry = 0;; ++retry) {
    auto attempt = transport.attempt(request);
    if (retry == most || !may_pass(attempt)) {
      if (attempt.error) {
        throw Error(std::move(*attempt.error));
      }
      return std::move(*attempt.response);
    }
    if (attempt.response) {
      http::discard_body(*attempt.response);
    }
    interruptible_sleep_ms(static_cast<long>(pause.count()));
    pause *= 2;
  }
}

} // namespace regctl::objects
