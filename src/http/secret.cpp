// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/base64.hpp>
#include <regctl/http/secret.hpp>

namespace regctl::http {

Secret basic_authorization(std::string_view username, const Secret& password) {
  return Secret("Basic " + base64_encode(std::string(username) + ":" + password.reveal()));
}

} // namespace regctl::http
