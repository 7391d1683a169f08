// SPDX-License-Identifier: Apache-2.0
#include <regctl/http/transport.hpp>

namespace regctl::http {

void Transport::note(const std::string& sentence) const {
  if (const auto& tell = options().note) {
    tell(sentence);
  }
}

} // namespace regctl::http
