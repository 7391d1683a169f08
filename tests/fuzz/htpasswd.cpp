// SPDX-License-Identifier: Apache-2.0
#include "server/http/htpasswd.hpp"

#include "fuzz/fuzz.hpp"
#include "fuzz/memory_file.hpp"

void fuzz(const std::string& input) {
  regctl::server::Htpasswd(MemoryFile(input).name());
}
