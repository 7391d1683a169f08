// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "http/credential_helper.hpp"

#include <regctl/base/visible.hpp>

/// What `get` of a helper printed, with success and without.
void fuzz(const std::string& input) {
  using namespace regctl;
  const http::CredentialHelper helper("fake");
  for (const int exit_code : {0, 1}) {
    try {
      const auto found = http::read_helper_output({exit_code, input}, helper);
      const bool has_one_secret = found && found->password.empty() != found->identity_token.empty();
      if (found && (exit_code != 0 || !has_one_secret)) {
        __builtin_trap();
      }
    } catch (const Error& error) {
      // With success a part of the output may be the secret.
      const bool is_quoted = error.message().find("is not JSON") == std::string::npos;
      if (error.kind() != ErrorKind::denied || (exit_code == 0 && is_quoted) ||
          error.message().size() > 2 * k_excerpt_limit_bytes) {
        __builtin_trap();
      }
    }
  }
}
