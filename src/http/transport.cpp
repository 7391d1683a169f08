// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <regctl/base/interrupt.hpp>
#include <regctl/http/transport.hpp>

namespace regctl::http {

void Transport::note(const std::string& sentence) const {
  if (const auto& tell = options().note) {
    tell(sentence);
  }
}

void Transport::pause_or_throw(const Error& error, unsigned failures) const {
  const auto most = options().retries;
  if (error.kind() != ErrorKind::unavailable || failures > most) {
    throw Error(error);
  }
  note(error.message() + "; trying again (" + std::to_string(failures) + " of " +
       std::to_string(most) + ")");
  const auto delay = retry_delay(failures, options().retry_delay, 0.5, std::nullopt);
  interruptible_sleep_ms(static_cast<long>(delay.count()));
}

} // namespace regctl::http
