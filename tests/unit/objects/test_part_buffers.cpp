// SPDX-License-Identifier: Apache-2.0
#include "objects/part_buffers.hpp"

#include <doctest/doctest.h>

#include <memory>

using regctl::objects::PartBuffers;

namespace {

constexpr std::size_t k_size = 1024 * 1024;

/// Fills a buffer, and tells where its bytes were.
const char* fill(PartBuffers::Buffer& buffer, std::size_t size_bytes) {
  buffer.bytes.append(size_bytes, 'x');
  return buffer.bytes.data();
}

} // namespace

TEST_SUITE_BEGIN("objects/part_buffers");

TEST_CASE("a buffer has its room from the beginning, and its memory is used again") {
  PartBuffers buffers(3, k_size);
  auto first = std::make_unique<PartBuffers::Buffer>(buffers);
  const auto* where = first->bytes.data();
  CHECK(fill(*first, k_size) == where);
  first.reset();
  const PartBuffers::Buffer second(buffers);
  CHECK(second.bytes.empty());
  CHECK(second.bytes.data() == where);
}

TEST_CASE("few buffers are kept, and none that has grown") {
  PartBuffers buffers(3, k_size);
  {
    PartBuffers::Buffer grown(buffers);
    fill(grown, 2 * k_size);
  }
  const PartBuffers::Buffer next(buffers);
  CHECK(next.bytes.capacity() == k_size);
}

TEST_SUITE_END();
