// SPDX-License-Identifier: Apache-2.0
#include "server/v1/stored_body.hpp"

#include <utility>

namespace regctl::server {

void set_body(Response& response, const StoredFile& file, std::uint64_t offset,
              std::uint64_t size_bytes, std::string what) {
  if (size_bytes == 0) {
    return;
  }
  if (auto fd = file.descriptor()) {
    response.file = FilePart{std::move(fd), offset, size_bytes};
    return;
  }
  response.stream = file.open_part(offset, size_bytes, std::move(what));
  response.stream_bytes = size_bytes;
}

} // namespace regctl::server
