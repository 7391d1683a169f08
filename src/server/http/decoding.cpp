// SPDX-License-Identifier: Apache-2.0
#include "server/http/decoding.hpp"

#include <regctl/base/text.hpp>

namespace regctl::server {

std::optional<std::string> decode_path(std::string_view target) {
  if (!target.starts_with('/')) {
    return std::nullopt;
  }
  return percent_decode(target.substr(0, target.find('?')), Plus::plus);
}

std::optional<std::string> decode_query(std::string_view value) {
  return percent_decode(value, Plus::space);
}

} // namespace regctl::server
