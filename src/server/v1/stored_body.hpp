// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/http/message.hpp"

#include <regctl/formats/storage_tree.hpp>

#include <cstdint>
#include <string>

namespace regctl::server {

/// Makes a part of a stored file the body of an answer. It is sent from the file's descriptor if
/// there is one, else read while it is sent, and its beginning at once, with the errors of that.
/// `what` names the file in errors.
void set_body(Response& response, const StoredFile& file, std::uint64_t offset,
              std::uint64_t size_bytes, std::string what);

} // namespace regctl::server
