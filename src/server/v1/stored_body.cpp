// SPDX-License-Identifier: Apache-2.0
#include "server/v1/stored_body.hpp"

#include <regctl/base/stream.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace regctl::server {

namespace {

constexpr std::uint64_t k_begin_bytes = 16 * 1024;

} // namespace

void set_body(Response& response, const StoredFile& file, std::uint64_t offset,
              std::uint64_t size_bytes, std::string what) {
  if (size_bytes == 0) {
    return;
  }
  if (auto fd = file.descriptor()) {
    response.file = FilePart{std::move(fd), offset, size_bytes};
    return;
  }
  auto rest = file.open_part(offset, size_bytes, std::move(what));
  // The beginning is read before the answer begins: a file that is gone is not a cut answer.
  std::string begin(static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, k_begin_bytes)),
                    '\0');
  begin.resize(read_fully(*rest, std::as_writable_bytes(std::span(begin))));
  response.stream = make_concat_source(make_text_source(std::move(begin)), std::move(rest));
  response.stream_bytes = size_bytes;
}

} // namespace regctl::server
