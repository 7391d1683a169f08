// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/formats/storage_tree.hpp>

#include <cstdint>
#include <string>

namespace regctl::server {

/// Makes part of a stored file the body of an answer: sent from its descriptor where it has one,
/// else read while it is sent. `what` names the file in errors.
void set_body(Response& response, const StoredFile& file, std::uint64_t offset,
              std::uint64_t size_bytes, std::string what);

} // namespace regctl::server
